"""Loads the `Config` from a TOML file and the environment.

All settings are declared in `settings.py` with their defaults, and described in `config.example.toml`. Nothing else
reads the environment. A mistake becomes a `ConfigError` of one line: file, key, value, rule.
"""

import difflib
import logging
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from feeder.about import own_version
from feeder.config.settings import (
    RENAMED_KEYS,
    SOURCE_KINDS,
    ChannelConfig,
    FeedConfig,
    FeedSource,
    FetchConfig,
    FolderSource,
    IngestConfig,
    LimitsConfig,
    LogConfig,
    MetricsConfig,
    ObjectsConfig,
    ScheduleConfig,
    SiteConfig,
    SourceConfig,
    StoreConfig,
    TelegramConfig,
    WebConfig,
)
from feeder.config.values import passwords_in
from feeder.errors import ConfigError

log = logging.getLogger(__name__)
ENV_PREFIX = "FEEDER_"
CONFIG_ENV = "FEEDER_CONFIG"
DEFAULT_NAME = "config.toml"
DEMO = "seeds"  # name and folder of the demonstration
_INTERNAL = ("file", "demo")  # fields of Config that users cannot set
_SOURCE: TypeAdapter[SourceConfig] = TypeAdapter(SourceConfig)
_KEY = re.compile(r"[A-Za-z0-9/+=]{32,}")
_TOKEN = re.compile(r"(?<!\d)\d++:[\w-]{20,}")
_PASSWORD = re.compile(r"://[^/:]*:[^/]*@|password=")
_BEARER_LENGTH = 16
_BEARER = re.compile(rf"[A-Za-z0-9._~+/-]{{{_BEARER_LENGTH},200}}=*")  # RFC 6750 §2.1
_USUAL_METRICS_PORT = 9464


class Config(BaseSettings):
    """All settings. `load_config` makes paths absolute.

    `file` is the configuration file; None means the built-in default. `demo`: no source is configured, so the seed
    articles are shown.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        hide_input_in_errors=True,
    )

    file: Path | None = None
    demo: bool = False
    site: SiteConfig = SiteConfig()
    store: StoreConfig = StoreConfig()
    objects: ObjectsConfig = ObjectsConfig()
    ingest: IngestConfig = IngestConfig()
    sources: tuple[SourceConfig, ...] = ()
    feeds: tuple[FeedConfig, ...] = ()
    fetch: FetchConfig = FetchConfig()
    limits: LimitsConfig = LimitsConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    web: WebConfig = WebConfig()
    metrics: MetricsConfig = MetricsConfig()
    log: LogConfig = LogConfig()
    telegram: TelegramConfig = TelegramConfig()

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be logged or printed."""
        found = (self.telegram.token, self.metrics.token, self.objects.secret)
        hidden = tuple(secret.get_secret_value() for secret in found if secret is not None)
        return (*hidden, *passwords_in(self.store.url))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  the name and place are pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the name and place are pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the name and place are pydantic's
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the environment, then the file, and nothing else."""
        return env_settings, init_settings


def load_config(path: Path | None = None) -> Config:
    """Return the configuration in force.

    `path` is the file that the user named; None means `$FEEDER_CONFIG`, else `./config.toml`, else the built-in
    default, which reads the seed articles. Paths are relative to the file's folder, or without a file to the working
    folder.

    Raises:
        ConfigError: a missing file, invalid TOML, an unknown key, or an invalid value.
    """
    file = _find_file(path)
    values = _read_toml(file) if file else {}
    _warn_of_renamed_keys(values, file)
    _refuse_unknown_variables()
    try:
        config = Config(**{**values, "file": file})
    except ValidationError as error:
        raise ConfigError(_describe(_most_useful(error.errors()), file)) from None
    except SettingsError:  # the variable of a whole section has to be JSON
        raise ConfigError(_describe_variable()) from None
    base = (file.parent if file else Path()).resolve()
    if not _is_text(str(base)):
        raise ConfigError(f"{str(base)!r}: the name of this folder is not UTF-8; rename it, or work in another folder")
    return _completed(config, base)


def read_source(values: Mapping[str, Any]) -> FeedSource:
    """Validate a feed that was added by command, with the keys and rules of `[[sources]]`.

    Raises:
        ConfigError: the message begins with the key, if one is wrong.
    """
    try:
        source = _SOURCE.validate_python(values)
    except ValidationError as invalid:
        error = _most_useful(invalid.errors())
        key = ".".join(str(part) for part in error["loc"][1:])
        raise ConfigError(f"{key}: {_rule(error)}".removeprefix(": ")) from None
    if not isinstance(source, FeedSource):
        raise ConfigError("it has no feed")
    return source


def store_at(config: Config, url: str) -> StoreConfig:
    """Return the settings of a store at another URL, as if `store.url` were changed to it."""
    base = (config.file.parent if config.file else Path()).resolve()
    search = config.store.search
    is_default = search == base / _search_folder(config.store.url)
    return StoreConfig(url=url, search=base / _search_folder(url) if is_default or search is None else search)


def _search_folder(url: str) -> Path:
    scheme, _, database = url.partition("///")
    return Path(f"{database}.search" if scheme == "sqlite:" else "data/search")


def embedded(name: str) -> Path:
    """Return the path of a file that ships with feeder: in the wheel, or beside the package in a checkout."""
    package = Path(__file__).parent.parent
    return package / name if (package / name).exists() else package.parent / name


def _find_file(path: Path | None) -> Path | None:
    named = path or (Path(os.environ[CONFIG_ENV]) if os.environ.get(CONFIG_ENV) else None)
    if named is None:
        return Path(DEFAULT_NAME) if Path(DEFAULT_NAME).exists() else None
    if not named.is_file():
        raise ConfigError(f"{named}: no such file; `feeder init` writes one, or name another with --config")
    return named


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: not valid TOML: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(f"{file}: cannot be read: {reason}") from None
    for name in _INTERNAL:
        if name in values:
            raise ConfigError(f"{file}: {name}: unknown key; delete it")
    return values


def _warn_of_renamed_keys(values: Mapping[str, Any], file: Path | None) -> None:
    blocks = values.get("sources")
    for number, block in enumerate(blocks if isinstance(blocks, list) else ()):
        for key in RENAMED_KEYS.keys() & block if isinstance(block, dict) else ():
            log.warning("%s: sources[%d].%s is now called %s; rename it", file, number, key, RENAMED_KEYS[key])


def _refuse_unknown_variables() -> None:
    known = {f"{ENV_PREFIX}{name}".upper() for name in Config.model_fields if name not in _INTERNAL} | {CONFIG_ENV}
    for variable in sorted(os.environ):
        top = variable.upper().split("__")[0]
        if variable.upper().startswith(ENV_PREFIX) and top not in known:
            raise ConfigError(f"${variable}: unknown setting{_did_you_mean(top, known)}")
        if variable.upper().startswith(ENV_PREFIX) and variable != CONFIG_ENV and not _is_text(os.environ[variable]):
            raise ConfigError(f"${variable}: {os.environ[variable]!r} is not UTF-8 text; write it in UTF-8")


def _is_text(value: str) -> bool:
    """Whether a value from the operating system is text, without undecodable bytes (PEP 383)."""
    return value.isprintable() or not any("\ud800" <= char <= "\udfff" for char in value)


def _refuse_shared_folders(config: Config, base: Path, sources: Sequence[Path], search: Path) -> None:
    """Refuse output folders with other files in them: an index is deleted with all its folder."""
    output = (base / config.site.output).resolve()
    taken = {source.resolve() for source in sources}
    if output in taken:
        raise ConfigError(
            f"{config.file}: site.output: {str(config.site.output)!r} is also a source; name another folder"
        )
    place = search.resolve()
    if place in taken | {base.resolve()} or place.is_relative_to(output):
        raise ConfigError(
            f"{config.file}: store.search: {str(config.store.search)!r} contains other files; name a separate folder"
        )


def _completed(config: Config, base: Path) -> Config:
    """Return the configuration with absolute paths and the token, and with the demonstration if there is no file."""
    demo = config.file is None and not config.sources
    sources = (FolderSource(name=DEMO, folder=_seeds(base)),) if demo else config.sources
    _refuse_duplicates(config, "sources.name", [source.name for source in sources], "give each source its own")
    # Not even in another case: on some disks "Rain.xml" and "rain.xml" are the same file.
    _refuse_duplicates(config, "feeds.name", [feed.name.casefold() for feed in config.feeds], "give each feed its own")
    chats = [f"{channel.chat.lower()} {channel.topic or ''}".strip() for channel in config.telegram.channels]
    _refuse_duplicates(config, "telegram.channels.chat", chats, "keep one")
    scheme, _, database = config.store.url.partition("///")
    is_file = scheme == "sqlite:"
    url = f"{scheme}///{base / database}" if is_file else config.store.url
    if config.store.password_file is not None:
        url = _with_password(url, base / config.store.password_file)
    search, tools = config.store.search or _search_folder(config.store.url), config.store.postgresql_tools
    _refuse_shared_folders(
        config, base, [base / s.folder for s in sources if isinstance(s, FolderSource)], base / search
    )
    return config.model_copy(
        update={
            "demo": demo,
            "site": config.site.model_copy(update={"output": base / config.site.output}),
            "store": config.store.model_copy(
                update={"url": url, "search": base / search, "postgresql_tools": tools and base / tools}
            ),
            "sources": tuple(
                source.model_copy(update={"folder": base / source.folder})
                if isinstance(source, FolderSource)
                else source
                for source in sources
            ),
            "fetch": _with_user_agent(config),
            "metrics": _with_metrics_token(config, base),
            "objects": _with_secret(config, base),
            "telegram": _with_token(config, base).model_copy(update={"channels": _with_queries(config)}),
        },
    )


def _refuse_duplicates(config: Config, key: str, names: list[str], remedy: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{config.file}: {key}: {name!r} is used twice; {remedy}")


def _with_queries(config: Config) -> tuple[ChannelConfig, ...]:
    """Return the channels with their queries; `feed` names a saved search, in any case."""
    queries = {feed.name.casefold(): feed.query for feed in config.feeds}
    replayed = {feed.name.casefold() for feed in config.feeds if feed.replay}
    channels = []
    for number, channel in enumerate(config.telegram.channels):
        place = f"{config.file}: telegram.channels[{number}].feed: {channel.feed!r}"
        if channel.feed and channel.query:
            raise ConfigError(f"{place}: query is set too; keep one")
        if channel.feed and channel.feed.casefold() not in queries:
            known = {feed.name for feed in config.feeds}
            raise ConfigError(f"{place}: no such feed in [[feeds]]{_did_you_mean(channel.feed, known)}")
        if channel.feed.casefold() in replayed:
            remedy = "the bot posts entries as they arrive, and replays none; write its query instead"
            raise ConfigError(f"{place}: {remedy}")
        channels.append(channel.model_copy(update={"query": queries.get(channel.feed.casefold(), channel.query)}))
    return tuple(channels)


def _with_user_agent(config: Config) -> FetchConfig:
    named = config.fetch.user_agent or f"feeder/{own_version()} (+{config.site.url})"
    return config.fetch.model_copy(update={"user_agent": named})


def _seeds(base: Path) -> Path:
    return base / DEMO if (base / DEMO).is_dir() else embedded(DEMO)


def _with_password(url: str, file: Path) -> str:
    """Return the URL of a PostgreSQL database with the password in a file."""
    parts = urlsplit(url)
    if not parts.scheme.startswith("postgresql") or not parts.username:
        raise ConfigError(
            "store.password_file: store.url names no PostgreSQL user; write postgresql://USER@HOST/DATABASE"
        )
    if parts.password is not None or "password=" in parts.query:
        raise ConfigError("store: both password_file and a password in url are set; keep one")
    password = _read_secret(file, "store.password_file").get_secret_value()
    if not password:
        raise ConfigError(f"store.password_file: {str(file)!r}: is empty")
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}").geturl()


def _with_token(config: Config, base: Path) -> TelegramConfig:
    telegram = config.telegram
    if telegram.token_file is not None:
        if telegram.token is not None:
            raise ConfigError(f"{config.file}: telegram: both token and token_file are set; keep one")
        file = base / telegram.token_file
        token = _read_secret(file, "telegram.token_file", is_itself=bool(_TOKEN.search(str(file))))
        telegram = telegram.model_copy(update={"token": token})
    if telegram.token is not None and not _TOKEN.fullmatch(telegram.token.get_secret_value()):
        raise ConfigError(
            "telegram.token: not a bot token (digits, a colon, 35 letters); copy it from @BotFather",
        )
    return telegram


def _with_metrics_token(config: Config, base: Path) -> MetricsConfig:
    metrics = config.metrics
    if metrics.token_file is not None:
        if metrics.token is not None:
            raise ConfigError(f"{config.file}: metrics: both token and token_file are set; keep one")
        metrics = metrics.model_copy(update={"token": _read_secret(base / metrics.token_file, "metrics.token_file")})
    if metrics.token is not None and not _BEARER.fullmatch(metrics.token.get_secret_value()):
        rule = f"{_BEARER_LENGTH} or more letters, digits and -._~+/, such as `openssl rand -hex 16` prints"
        raise ConfigError(f"metrics.token: not a token for HTTP; write {rule}")
    if config.web.metrics:
        log.warning(
            "%s: web.metrics shows the metrics to everyone who reaches web.port; write [metrics] port = %d instead, "
            "for a listener of their own on this machine, or [metrics] token",
            config.file or f"${ENV_PREFIX}WEB__METRICS",
            _USUAL_METRICS_PORT,
        )
    return metrics


def _with_secret(config: Config, base: Path) -> ObjectsConfig:
    objects, source = config.objects, config.file or "default"
    if objects.secret_file is not None:
        if objects.secret is not None:
            raise ConfigError(f"{source}: objects: both secret and secret_file are set; keep one")
        is_itself = bool(_KEY.fullmatch(str(objects.secret_file)))
        secret = _read_secret(base / objects.secret_file, "objects.secret_file", is_itself=is_itself)
        objects = objects.model_copy(update={"secret": secret})
    if (objects.secret is None) == bool(objects.key_id):
        missing = "secret or secret_file" if objects.key_id else "key_id"
        raise ConfigError(f"{source}: objects: key_id and secret belong together; {missing} is not set")
    return objects


def _read_secret(file: Path, key: str, *, is_itself: bool = False) -> SecretStr:
    """Read a file that holds only a secret, unless the secret `is_itself` in place of the file."""
    try:
        return SecretStr(file.read_text("utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        word = key.rpartition(".")[2].removesuffix("_file")
        named = f"this is the {word} itself, not a file" if is_itself else repr(str(file))
        raise ConfigError(f"{key}: {named}: cannot be read: {reason}") from None


_LISTS_OF_TABLES = {"sources", "feeds", "channels"}
_WRONG_TABLES = {
    "tuple_type": "this is a list; write a table of it as [[{0}]]",
    "model_type": "this is one table; write it as [{0}]",
    "model_attributes_type": "this is one table; write it as [{0}]",
}


def _most_useful(errors: Sequence[ErrorDetails]) -> ErrorDetails:
    """Return the mistake to report: the first, or the misspelt key if that is why one is missing."""
    first = errors[0]
    misspelt = [one for one in errors if one["type"] == "extra_forbidden" and one["loc"][:-1] == first["loc"][:-1]]
    return misspelt[0] if misspelt and first["type"] == "missing" else first


def _describe(error: ErrorDetails, file: Path | None) -> str:
    """Describe a mistake in one line: place, value, rule."""
    location = [part for part in error["loc"] if not str(part).startswith(("function-", "constrained-", "literal"))]
    if location[0] == "sources":
        del location[2:3]  # the kind of source, which is not a key
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    variable = ENV_PREFIX + "__".join(str(part) for part in location).upper()
    place = f"${variable}" if variable in {name.upper() for name in os.environ} else f"{file or 'default'}: {key}"
    if error["type"] == "tuple_type" and location[-1] not in _LISTS_OF_TABLES:
        return f"{place}: {error['input']!r}: this is a list; write its values in brackets, with commas between them"
    if error["type"] in _WRONG_TABLES:
        return f"{place}: {_WRONG_TABLES[error['type']].format(key)}"
    return f"{place}: {_rule(error)}"


def _rule(error: ErrorDetails) -> str:
    """Return a value and what is wrong with it."""
    location = error["loc"]
    if error["type"] == "extra_forbidden":
        return f"unknown key{_did_you_mean(str(location[-1]), _sibling_keys(list(location)))}"
    if error["type"] == "missing":
        return "this key is required"
    rule = error["msg"].removeprefix("Value error, ")
    secret = any(word in str(part) for part in location for word in ("token", "secret"))
    secret = secret or (location[:2] == ("store", "url") and bool(_PASSWORD.search(str(error["input"]))))
    shown = "" if secret or isinstance(error["input"], dict) else f"{error['input']!r}: "
    return f"{shown}{rule[0].lower()}{rule[1:]}"


def _describe_variable() -> str:
    for name in sorted(Config.model_fields):
        text = os.environ.get(variable := f"{ENV_PREFIX}{name}".upper())
        if text is not None:
            return f"${variable}: {text[:40]!r} is not JSON; set one key with ${variable}__KEY"
    raise AssertionError("only a whole section is read as JSON")


def _sibling_keys(location: list[int | str]) -> set[str]:
    """Return the keys that are allowed beside the last part of `location`."""
    kinds = {name: field.annotation for name, field in Config.model_fields.items()}
    sections = {name: kind for name, kind in kinds.items() if isinstance(kind, type) and issubclass(kind, BaseModel)}
    sections |= {**SOURCE_KINDS, "feeds": FeedConfig, "channels": ChannelConfig}
    names = [part for part in location[:-1] if isinstance(part, str)]
    return set(sections[names[-1]].model_fields) if names else set(Config.model_fields) - {*_INTERNAL}


def _did_you_mean(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known here: {', '.join(sorted(known)) or 'none'}"
