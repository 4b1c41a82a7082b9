"""The sections of the configuration: every key with its type, default and rule.

`config.example.toml` describes them; `load.py` loads them from the file and the environment.
"""

import logging
import operator
from abc import abstractmethod
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    IPvAnyNetwork,
    SecretStr,
    Tag,
    field_validator,
    model_validator,
)

from feeder.config.values import (
    AFTER_INGEST,
    BucketUrl,
    ChatAddress,
    DigestSchedule,
    Duration,
    FeedName,
    Glob,
    HeaderText,
    HttpUrl,
    LanguageTag,
    OptionalHttpUrl,
    OptionalLanguage,
    OptionalZone,
    PersonId,
    PostTemplate,
    PublishSchedule,
    QuietHours,
    ReplayRate,
    Schedule,
    Selector,
    SiteUrl,
    SourceName,
    StoreUrl,
    TopicNumber,
    Utf8Text,
    ZoneName,
    parse_duration,
)

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_NO_TRAFILATURA = 'to find the article of a page, run `pip install trafilatura`, or set article = "CSS selector"'


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_nul(cls, value: object) -> object:
        if isinstance(value, str) and "\0" in value:
            raise ValueError("it contains a NUL character")
        return value


class SiteConfig(_Section):
    """The published feeds and pages, and where they are written.

    A feed ends before it is longer than `bytes_per_feed`. `hubs` are the addresses of WebSub hubs.
    `precompress`: write compressed copies beside texts.
    `corrections`: the page of an entry that its source corrected tells what it said before.
    `search` says who searches: the server, the browser in an index beside the pages, or nobody.
    `images` is how pictures on other sites are shown (`pictures.remote`); copies of them take at most `mirror_bytes`.
    """

    title: str = "feeder"
    subtitle: str = ""
    url: SiteUrl = "http://127.0.0.1:8000/"
    language: LanguageTag = "zh-Hans"
    timezone: ZoneName = "UTC"
    output: Path = Path("public")
    entries_per_feed: Annotated[int, Field(ge=1, le=1000)] = 50
    bytes_per_feed: Annotated[int, Field(ge=10_000)] = 2_000_000
    hubs: tuple[HttpUrl, ...] = ()
    precompress: bool = False
    search: Literal["server", "browser", "none"] = "server"
    content: Literal["full", "summary"] = "full"
    duplicates: Literal["group", "show"] = "group"
    corrections: bool = True
    images: Literal["link", "mirror", "proxy", "ask"] = "link"
    mirror_bytes: Annotated[int, Field(ge=1_000_000)] = 2_000_000_000

    @field_validator("search")
    @classmethod
    def _can_make_index(cls, search: str) -> str:
        if search == "browser" and find_spec("pagefind_bin") is None:
            raise ValueError("needs Pagefind; run `pip install pagefind-bin`, or choose another value")
        return search

    @field_validator("images")
    @classmethod
    def _can_resize(cls, images: str) -> str:
        if images == "mirror" and find_spec("PIL") is None:
            raise ValueError("needs Pillow; run `pip install pillow`, or choose another value")
        return images


class StoreConfig(_Section):
    """The database.

    `password_file` holds the password of a PostgreSQL database; `load_config` puts it into `url`. `search` is the
    folder of the search index. `load_config` sets a default: `FILE.search` beside an SQLite file, `data/search` with
    PostgreSQL. `postgresql_tools` is the folder of `pg_dump`, `pg_restore` and `psql`.
    """

    url: StoreUrl = "sqlite:///data/feeder.db"
    password_file: Path | None = None
    search: Path | None = None
    postgresql_tools: Path | None = None

    @property
    def folder(self) -> Path:
        """The folder for files of the store: that of an SQLite file, else that of the search index."""
        scheme, _, database = self.url.partition("///")
        if scheme == "sqlite:":
            return Path(database).parent
        return Path("data") if self.search is None else self.search.parent

    @property
    def pictures(self) -> Path:
        """The folder of the pictures of entries: `FILE.pictures` beside an SQLite file, else `pictures`."""
        scheme, _, database = self.url.partition("///")
        return Path(f"{database}.pictures") if scheme == "sqlite:" else self.folder / "pictures"


class ObjectsConfig(_Section):
    """S3-compatible object storage: the site is copied to `url`, search snapshots are kept at `snapshots`.

    Each is "s3://BUCKET/PREFIX", "" for none. `endpoint` is the server, "" for that of AWS in `region`. Without
    `key_id`, obstore finds credentials as other programs do: AWS_… variables, or the role of the machine. An upload
    ends after `deadline`; the next one continues it.
    """

    url: BucketUrl = ""
    snapshots: BucketUrl = ""
    endpoint: OptionalHttpUrl = ""
    region: str = ""
    key_id: str = ""
    secret: SecretStr | None = None
    secret_file: Path | None = None
    allow_http: bool = False
    deadline: Duration = "10m"

    @property
    def is_plain(self) -> bool:
        """Whether requests are not encrypted."""
        return self.endpoint.startswith("http:")

    @field_validator("url", "snapshots")
    @classmethod
    def _can_be_used(cls, url: str) -> str:
        if url and find_spec("obstore") is None:
            raise ValueError("needs obstore; run `pip install obstore`, or delete it")
        return url

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        server = urlsplit(self.endpoint)
        if "@" in server.netloc:
            raise ValueError("endpoint contains a user name or password; write these as key_id and secret")
        if self.is_plain and not self.allow_http and server.hostname not in LOOPBACK:
            raise ValueError("endpoint is not encrypted; write https, or set allow_http = true in your own network")
        if self.url and f"{self.snapshots}/".startswith(f"{self.url}/"):
            raise ValueError("snapshots is a place below url, which everybody may read; name another one")
        return self


class IngestConfig(_Section):
    """Defaults for all sources."""

    drafts: Literal["skip", "keep"] = "skip"


class _Source(_Section):
    """Settings of every kind of source.

    A new source takes over the stored data of the one that it is `renamed_from`. `timezone` is for dates without one.
    `boilerplate`: cut or keep notices, credits and the like around an article. `content`: how much of an article is
    stored. `drafts`: skip or keep articles that their author did not publish; None means the default in `[ingest]`.
    `article` and `cut` are CSS selectors of the article and of what to remove from it. Entries that `keep` does not
    match, or `drop` does, are left out; `saved.filter_problem` checks these two queries. `max_in_feed` limits how
    many of its entries are on the index and in the feed of everything at once; None for no limit. Entries published
    longer ago than `retain`, and the oldest of more than `retain_entries`, leave the store (`catalogue/retaining.py`).
    """

    name: SourceName
    renamed_from: SourceName | None = None
    article: Selector = ""
    cut: tuple[Selector, ...] = ()
    keep: Annotated[str, Field(max_length=1000)] = ""
    drop: Annotated[str, Field(max_length=1000)] = ""
    timezone: ZoneName = "UTC"
    categories: tuple[Utf8Text, ...] = ()
    max_bytes: Annotated[int, Field(ge=1)] = 8_000_000
    boilerplate: Literal["cut", "keep"] = "cut"
    content: Literal["full", "summary"] = "full"
    drafts: Literal["skip", "keep"] | None = None
    max_in_feed: Annotated[int, Field(ge=1)] | None = None
    retain: Duration | None = None
    retain_entries: Annotated[int, Field(ge=1)] | None = None


class FolderSource(_Source):
    """A folder of articles.

    `include` and `exclude` are globs of the files to read, `base` is the address that relative ones in an article count
    from. `when_gone`: keep or remove an entry whose last file is gone.
    """

    folder: Path
    include: tuple[Glob, ...] = ()
    exclude: tuple[Glob, ...] = ()
    base: SiteUrl | None = None
    when_gone: Literal["keep", "remove"] = "keep"

    @property
    def address(self) -> str:
        """The folder's path."""
        return str(self.folder)


class _RemoteSource(_Source):
    """A feed or page that is fetched as often as it changes, between `min_interval` and `max_interval`.

    With `full`, the page of each entry is fetched for the whole article.
    """

    full: bool = False
    min_interval: Duration = "15m"
    max_interval: Duration = "1d"
    allow_private: bool = False

    @property
    @abstractmethod
    def address(self) -> str:
        """The http(s) URL that is fetched."""

    @property
    def intervals(self) -> tuple[timedelta, timedelta]:
        """The shortest time between two requests, and the longest unless the server requests a longer one."""
        return parse_duration(self.min_interval), parse_duration(self.max_interval)

    @model_validator(mode="after")
    def _can_be_fetched(self) -> Self:
        # Refused here, without printing the address; the client would not fetch it either.
        if "@" in urlsplit(self.address).netloc:
            kind = kind_of(self)
            raise ValueError(f"{kind} contains a user name or password, which is not supported")
        if self.full and not self.article and find_spec("trafilatura") is None:
            raise ValueError(f"full: {_NO_TRAFILATURA}")
        if operator.gt(*self.intervals):
            raise ValueError(
                f"min_interval is longer than max_interval ({self.min_interval} and {self.max_interval})",
            )
        return self


class FeedSource(_RemoteSource):
    """A remote feed, in any format that `sources.feeds` parses."""

    feed: HttpUrl

    @property
    def address(self) -> str:
        """The feed's URL."""
        return self.feed


class PageSource(_RemoteSource):
    """A web page that lists articles.

    `entries` is the CSS selector of an entry; `title`, `link` and `date` are selectors within one, "" for the default
    (`sources.pages`).
    """

    page: HttpUrl
    entries: Selector = ""
    title: Selector = ""
    link: Selector = ""
    date: Selector = ""

    @property
    def address(self) -> str:
        """The page's URL."""
        return self.page

    @model_validator(mode="after")
    def _has_entries(self) -> Self:
        if not self.entries:
            raise ValueError('a page needs entries = "CSS selector of an entry"')
        return self


RemoteSource = FeedSource | PageSource
SOURCE_KINDS: dict[str, type[FolderSource | FeedSource | PageSource]] = {
    "folder": FolderSource,
    "feed": FeedSource,
    "page": PageSource,
}
RENAMED_KEYS = {"every": "min_interval", "seldom": "max_interval"}
"""Former keys of a source, which are still accepted, and their current names."""


def kind_of(source: object) -> str | None:
    """Return the kind of a source, or of its values: the key of its address; None if there is none."""
    return next((kind for kind in SOURCE_KINDS if _value(source, kind) is not None), None)


def _value(source: object, key: str) -> object:
    return source.get(key) if isinstance(source, Mapping) else getattr(source, key, None)


def _of_one_kind(values: object) -> object:
    """Return the values of a source under the current keys of its kind; ValueError for keys of another kind."""
    if not isinstance(values, Mapping):
        return values
    kinds = [kind for kind in SOURCE_KINDS if values.get(kind) is not None]
    if len(kinds) != 1:
        found = f", not a {' and a '.join(kinds)}" if kinds else ""
        raise ValueError(f"name one folder, feed or page{found}")
    [kind] = kinds
    kept = {}
    for key, value in values.items():
        name = RENAMED_KEYS.get(key, key)
        if name != key and name in values:
            raise ValueError(f"{key} is the former name of {name}; delete it")
        others = [other for other, model in SOURCE_KINDS.items() if name in model.model_fields]
        if not others or kind in others:
            kept[name] = value
        elif value not in (None, SOURCE_KINDS[others[0]].model_fields[str(name)].default):
            raise ValueError(f"{key} is for a {' or a '.join(others)}; delete it")
    return kept


SourceConfig = Annotated[
    Annotated[FolderSource, Tag("folder")] | Annotated[FeedSource, Tag("feed")] | Annotated[PageSource, Tag("page")],
    Discriminator(kind_of),
    BeforeValidator(_of_one_kind),
]
"""One `[[sources]]` block: a folder, a feed or a page."""


class FetchConfig(_Section):
    """How feeds and pages are fetched. `load_config` sets a `user_agent` of "" to program, version and `site.url`."""

    timeout_s: Annotated[float, Field(gt=0, le=600)] = 30
    max_bytes: Annotated[int, Field(ge=1)] = 5_000_000
    per_host: Annotated[int, Field(ge=1, le=20)] = 2
    connections: Annotated[int, Field(ge=1, le=200)] = 20
    user_agent: HeaderText = ""


class LimitsConfig(_Section):
    """Limits of one document. `document_s` is CPU time in seconds, without waiting."""

    document_s: Annotated[float, Field(gt=0, le=3600)] = 10


class FeedConfig(_Section):
    """A saved search: a feed and a page of the site, and `@NAME` in searches.

    `config.saved` parses `query`. A `title` of "" means the name. A private one is only a feed, at secret addresses.
    `replay`: its feed has so many entries more each day or week, the oldest first, beginning on `replay_from`.
    """

    name: FeedName
    title: str = ""
    query: Annotated[str, Field(min_length=1, max_length=1000)]
    limit: Annotated[int, Field(ge=1, le=1000)] = 50
    private: bool = False
    replay: ReplayRate = ""
    replay_from: date | None = None

    @model_validator(mode="after")
    def _can_be_replayed(self) -> Self:
        if self.replay and self.private:
            raise ValueError("replay: a private feed cannot be replayed; delete replay or private")
        if self.replay and self.replay_from is None:
            # In the file and not in the store: a site that is made anew shows the same entries on the same days.
            today = datetime.now(UTC).date()
            raise ValueError(f"replay needs the day that it begins on, such as replay_from = {today}")
        if self.replay_from is not None and not self.replay:
            raise ValueError('replay_from needs a pace, such as replay = "3/day"')
        return self


class ScheduleConfig(_Section):
    """When `feeder run` makes passes. Cron lines are in UTC, with cron's weekdays (0 and 7 are Sunday)."""

    ingest: Schedule = "15m"
    publish: PublishSchedule = AFTER_INGEST


class WebConfig(_Section):
    """The address of `feeder serve` and `feeder run`, what they serve besides the site, and to whom.

    `trusted_proxies` may say in `X-Forwarded-For` for whom they ask; each of those, and every other client that is not
    in a private network, may ask for so many `searches_per_minute` (0: any number).
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    websub: bool = False
    metrics: bool = False
    trusted_proxies: tuple[IPvAnyNetwork, ...] = ()
    searches_per_minute: Annotated[int, Field(ge=0, le=100_000)] = 120
    request_log: Literal["none", "plain", "full"] = "none"


class MetricsConfig(_Section):
    """Who gets Prometheus metrics: who reaches the listener at `host` and `port`, who knows the token, or nobody.

    With a port they have a listener of their own; with only a token they are at /metrics of the web server.
    `per_source` adds series for each source.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] | None = None
    token: SecretStr | None = None
    token_file: Path | None = None
    per_source: bool = False


class LogConfig(_Section):
    """How the log is written. `level` is that of all commands; None: "info" for those that keep running, else less."""

    format: Literal["text", "json"] = "text"
    level: Literal["debug", "info", "warning", "error"] | None = None

    def number(self, default: int) -> int:
        """Return the level as a number; `default` if none is set."""
        return default if self.level is None else logging.getLevelNamesMapping()[self.level.upper()]


class ChannelConfig(_Section):
    """A chat for new entries; `load_config` sets `query` to that of the saved search in `feed`.

    How a post looks: `style` to `read_button`, with `timezone` and `language`, "" for those of the site. When it comes:
    nothing that is older than `max_age`; `per_hour` posts at most, 0 for any number; not in the `quiet` hours; all at
    once as a `digest`. What does not fit, or is more than `max_waiting`, is told in a digest.
    """

    chat: ChatAddress
    topic: TopicNumber = None
    query: str = ""
    feed: str = ""
    silent: bool = False
    recent: Annotated[int, Field(ge=0, le=100)] = 3
    on_unknown: Literal["repost", "hold"] = "repost"
    style: Literal["title", "lead", "full"] = "lead"
    template: PostTemplate = ""
    source: bool = True
    author: bool = False
    date: bool = True
    hashtags: bool = False
    preview: bool = True
    pictures: Literal["none", "first", "album"] = "first"
    read_button: bool = False
    timezone: OptionalZone = ""
    language: OptionalLanguage = ""
    max_age: Duration = "7d"
    max_waiting: Annotated[int, Field(ge=1, le=10_000)] = 100
    per_hour: Annotated[int, Field(ge=0, le=1000)] = 0
    quiet: QuietHours = ""
    digest: DigestSchedule = ""


class TelegramConfig(_Section):
    """The bot, which needs a token."""

    token: SecretStr | None = None
    token_file: Path | None = None
    api_url: HttpUrl = "https://api.telegram.org"
    admins: tuple[PersonId, ...] = ()
    webhook: bool = False
    poll: Duration = "20s"
    withdraw: bool = False
    edit_days: Annotated[int, Field(ge=0, le=30)] = 2
    allow: Literal["admins", "invited", "everyone"] = "admins"
    max_subscriptions: Annotated[int, Field(ge=1, le=1000)] = 20
    channels: tuple[ChannelConfig, ...] = ()
