"""The settings of a source: shown with what is a default, and changed by command where the store keeps them."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from feeder.catalogue.known import all_sources, get_source, where_configured
from feeder.catalogue.status import SourceState, iter_states
from feeder.config.load import Config, read_source
from feeder.config.saved import filter_problem
from feeder.config.settings import RENAMED_KEYS, FeedSource
from feeder.errors import ConfigError
from feeder.store import Store

_FIXED = {
    "name": "add it again under the new name, and remove the old one",
    "renamed_from": "it is for sources of the configuration file",
    "folder": "a folder is a source of the configuration file",
    "feed": "add the new address, and remove this one",
    "page": "a page is a source of the configuration file",
}


@dataclass(frozen=True, slots=True)
class SourceDetails:
    """A source with its settings, those of them that are defaults, and how it is."""

    state: SourceState
    settings: Mapping[str, Any]
    defaults: frozenset[str]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {**self.state.as_dict(), "settings": dict(self.settings), "defaults": sorted(self.defaults)}


def describe(config: Config, store: Store, name: str, *, now: datetime) -> SourceDetails:
    """Return a source with its settings; one that is not used has none.

    Raises:
        ConfigError: there is none of that name.
    """
    known = get_source(all_sources(config, store), name)
    state = next(one for one in iter_states(config, store, now=now) if (one.name, one.kept_in) == (name, known.kept_in))
    if known.source is None:
        return SourceDetails(state, {}, frozenset())
    values = known.source.model_dump(mode="json", exclude={"name"}, exclude_none=True)
    changed = known.source.model_dump(mode="json", exclude={"name"}, exclude_defaults=True)
    return SourceDetails(state, values, frozenset(values.keys() - changed.keys()))


def change(config: Config, store: Store, name: str, assignments: Sequence[str]) -> str:
    """Change settings of a source that the store keeps, `key=value` each; "key=" is the default again. Say so.

    Raises:
        ConfigError: there is none of that name, it is defined in the file, or a value breaks a rule of `[[sources]]`.
    """
    known = get_source(all_sources(config, store), name)
    if known.kept_in == "file":
        raise ConfigError(f"sources: {name!r} is defined in {where_configured(config)}; change it there")
    changes = dict(map(_read, assignments))

    def changed(settings: Mapping[str, Any]) -> FeedSource:
        kept = {key: value for key, value in {**settings, **changes}.items() if value is not None}
        source = read_source({**kept, "name": name})
        if (problem := filter_problem(source)) is not None:
            raise ConfigError(problem)
        return source

    store.sources.change(name, changed)
    return f"changed {', '.join(changes)} of {name}; the next pass uses it"


def _read(assignment: str) -> tuple[str, Any]:
    """Return key and value of an assignment; None for the value stands for the default."""
    key, equals, text = assignment.partition("=")
    key, text = key.strip(), text.strip()
    if not equals:
        raise ConfigError(f"{assignment!r}: write KEY=VALUE, such as min_interval=1h; KEY= sets the default again")
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


def _toml(text: str, otherwise: object) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return otherwise
