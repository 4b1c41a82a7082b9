"""The settings of a source: showing them, and changing those of a stored source."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from feeder.catalogue.known import all_sources, config_name, get_source
from feeder.catalogue.status import SourceState, iter_states
from feeder.config.load import Config, read_source
from feeder.config.saved import filter_problem
from feeder.config.settings import RENAMED_KEYS, FeedSource
from feeder.errors import ConfigError
from feeder.store import Store

_FIXED = {
    "name": "add the source again under the new name, then remove this one",
    "renamed_from": "only sources in the configuration file have it",
    "folder": "only sources in the configuration file have it",
    "feed": "add a source with the new address, then remove this one",
    "page": "only sources in the configuration file have it",
}


@dataclass(frozen=True, slots=True)
class SourceDetails:
    """A source with its status and settings; `defaults` names the settings that have their default value."""

    state: SourceState
    settings: Mapping[str, Any]
    defaults: frozenset[str]

    def as_dict(self) -> dict[str, Any]:
        """Return the details as a value for JSON."""
        return {**self.state.as_dict(), "settings": dict(self.settings), "defaults": sorted(self.defaults)}


def describe(config: Config, store: Store, name: str, *, now: datetime) -> SourceDetails:
    """Return a source with its settings; one that this version does not accept has none.

    Raises:
        ConfigError: no source has that name.
    """
    known = get_source(all_sources(config, store), name)
    states = iter_states(config, store, now=now)
    state = next(state for state in states if (state.name, state.kept_in) == (name, known.kept_in))
    if known.source is None:
        return SourceDetails(state, {}, frozenset())
    settings = known.source.model_dump(mode="json", exclude={"name"}, exclude_none=True)
    changed = known.source.model_dump(mode="json", exclude={"name"}, exclude_defaults=True)
    return SourceDetails(state, settings, frozenset(settings.keys() - changed.keys()))


def change(config: Config, store: Store, name: str, assignments: Sequence[str]) -> str:
    """Change settings of a stored source, each as `key=value`; `key=` restores the default. Return a line to print.

    Raises:
        ConfigError: no source has that name, it is defined in the file, or a value is invalid in `[[sources]]`.
    """
    known = get_source(all_sources(config, store), name)
    if known.kept_in == "file":
        raise ConfigError(f"sources: {name!r} is defined in {config_name(config)}; change it there")
    changes = dict(map(_parse, assignments))

    def apply(settings: Mapping[str, Any]) -> FeedSource:
        changed = {key: value for key, value in {**settings, **changes}.items() if value is not None}
        source = read_source({**changed, "name": name})
        if (problem := filter_problem(source)) is not None:
            raise ConfigError(problem)
        return source

    store.sources.change(name, apply)
    return f"changed {', '.join(changes)} of {name}; the next pass uses it"


def _parse(assignment: str) -> tuple[str, Any]:
    """Return the key and value of an assignment; None means the default."""
    key, equals, text = assignment.partition("=")
    key, text = key.strip(), text.strip()
    if not equals:
        raise ConfigError(f"{assignment!r}: write KEY=VALUE, such as min_interval=1h; KEY= restores the default")
    if key in _FIXED:
        raise ConfigError(f"{key}: cannot be changed by command: {_FIXED[key]}")
    key = RENAMED_KEYS.get(key, key)
    field = FeedSource.model_fields.get(key)
    if field is None or not text:
        return key, None if field is not None else text
    if isinstance(field.default, bool | int):
        return key, _toml(text, text)
    if isinstance(field.default, tuple):
        return key, _toml(text, [part.strip() for part in text.split(",")])
    return key, text


def _toml(text: str, fallback: object) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return fallback
