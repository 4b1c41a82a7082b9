"""The sections of the configuration: every key, its type, its default, and the rule that its value keeps.

`config.example.toml` describes them to people; `load.py` reads the file and the environment into them.
"""

from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from feeder.config.values import (
    AFTER_INGEST,
    ChatAddress,
    Duration,
    FeedName,
    HeaderText,
    HttpUrl,
    LanguageTag,
    PublishSchedule,
    Schedule,
    Selector,
    SiteUrl,
    SourceName,
    StoreUrl,
    Utf8Text,
    ZoneName,
    parse_duration,
)

_NO_TRAFILATURA = 'to find the article of a page, `pip install trafilatura`, or name its place with article = "CSS"'


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_nul(cls, value: object) -> object:
        if isinstance(value, str) and "\0" in value:
            raise ValueError("it holds a NUL character, which no path or name can")
        return value


class SiteConfig(_Section):
    """How the published feed and pages present themselves, and where they are written."""

    title: str = "feeder"
    subtitle: str = ""
    url: SiteUrl = "http://127.0.0.1:8000/"
    language: LanguageTag = "zh-Hans"
    output: Path = Path("public")
    entries_per_feed: Annotated[int, Field(ge=1, le=1000)] = 50
    content: Literal["full", "summary"] = "full"
    duplicates: Literal["group", "show"] = "group"


class StoreConfig(_Section):
    """Where the entries are kept.

    `search` is the folder of the search index. `load_config` sets it where nobody did: `FILE.search` beside an SQLite
    file, `data/search` with PostgreSQL.
    """

    url: StoreUrl = "sqlite:///data/feeder.db"
    search: Path | None = None

    @property
    def folder(self) -> Path:
        """Where files about the store lie: beside an SQLite file, else beside the search index."""
        scheme, _, database = self.url.partition("///")
        if scheme == "sqlite:":
            return Path(database).parent
        return Path("data") if self.search is None else self.search.parent


class IngestConfig(_Section):
    """How every source is read, unless it says otherwise."""

    drafts: Literal["skip", "keep"] = "skip"


class SourceConfig(_Section):
    """One place that entries come from: a folder, a feed by its address, or a web page that lists articles.

    A source that is new takes over what is kept of the one that it is `renamed_from`.

    `timezone` is for dates that name no zone of their own. `when_gone` says what becomes of an entry whose last file
    is gone, `boilerplate` what becomes of notices, credits and the like around an article, and `content` how much of
    an article is kept. `drafts` says what becomes of articles that their author did not publish; None stands for what
    `[ingest]` says. A feed or a page is asked as often as it changes, between `every` and `seldom`.

    `entries`, `title`, `link` and `date` are CSS selectors of a `page`; "" stands for the usual place. With `full` the
    page of each entry is fetched for its article; `article` and `cut` say what of it, or of what the source itself
    gives, is taken and taken out. What `keep` does not find, or `drop` does, is left out; what they mean is not known
    here: `store.filter_problem` says why one cannot be read.
    """

    name: SourceName
    renamed_from: SourceName | None = None
    folder: Path | None = None
    feed: HttpUrl | None = None
    page: HttpUrl | None = None
    entries: Selector = ""
    title: Selector = ""
    link: Selector = ""
    date: Selector = ""
    full: bool = False
    article: Selector = ""
    cut: tuple[Selector, ...] = ()
    keep: Annotated[str, Field(max_length=1000)] = ""
    drop: Annotated[str, Field(max_length=1000)] = ""
    every: Duration = "15m"
    seldom: Duration = "1d"
    allow_private: bool = False
    timezone: ZoneName = "UTC"
    categories: tuple[Utf8Text, ...] = ()
    max_bytes: Annotated[int, Field(ge=1)] = 8_000_000
    when_gone: Literal["keep", "remove"] = "keep"
    boilerplate: Literal["cut", "keep"] = "cut"
    content: Literal["full", "summary"] = "full"
    drafts: Literal["skip", "keep"] | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        places = [name for name in ("folder", "feed", "page") if getattr(self, name) is not None]
        if len(places) != 1:
            found = f", not a {' and a '.join(places)}" if places else ""
            raise ValueError(f"name one folder, feed or page{found}")
        # Told here, where the address is not shown: the client would not ask for it either.
        if self.remote is not None and "@" in urlsplit(self.remote).netloc:
            raise ValueError(f"{places[0]} has a user name or password in it; such an address is not fetched")
        self._refuse(("entries", "title", "link", "date"), "a page", well=self.page is not None)
        self._refuse(("full", "allow_private"), "a feed or a page", well=self.remote is not None)
        if self.full and not self.article and find_spec("trafilatura") is None:
            raise ValueError(f"full: {_NO_TRAFILATURA}")
        if self.page is not None and not self.entries:
            raise ValueError('a page needs entries = "CSS": what of it is an entry')
        if self.remote is not None and self.when_gone == "remove":
            raise ValueError('when_gone = "remove" is for a folder: a feed only ever holds its newest entries')
        if self.remote is not None and self.least > self.most:
            raise ValueError(f"every is longer than seldom ({self.every} and {self.seldom})")
        return self

    def _refuse(self, keys: tuple[str, ...], kind: str, *, well: bool) -> None:
        """Refuse keys that are set where they say nothing."""
        for key in keys:
            if getattr(self, key) and not well:
                raise ValueError(f"{key} is for {kind}; take it out")

    @property
    def remote(self) -> str | None:
        """The address that is asked for, a feed's or a page's; None for a folder."""
        return self.feed or self.page

    @property
    def least(self) -> timedelta:
        """The shortest time between two requests for the feed or the page."""
        return parse_duration(self.every)

    @property
    def most(self) -> timedelta:
        """The longest time between two requests for it, unless its server asks for a longer one."""
        return parse_duration(self.seldom)


class FetchConfig(_Section):
    """How feeds and pages are asked for. `load_config` sets a `user_agent` of "" to program, version, `site.url`."""

    timeout_s: Annotated[float, Field(gt=0, le=600)] = 30
    max_bytes: Annotated[int, Field(ge=1)] = 5_000_000
    per_host: Annotated[int, Field(ge=1, le=20)] = 2
    connections: Annotated[int, Field(ge=1, le=200)] = 20
    user_agent: HeaderText = ""


class LimitsConfig(_Section):
    """What one document may cost. `document_s` is processor time in seconds: waiting, or a busy machine, costs none."""

    document_s: Annotated[float, Field(gt=0, le=3600)] = 10


class FeedConfig(_Section):
    """A saved search: a feed and a page of the site, and `@NAME` wherever something is looked for.

    What `query` means is not known here: `publish.saved` reads it. A `title` of "" stands for the name.
    """

    name: FeedName
    title: str = ""
    query: Annotated[str, Field(min_length=1, max_length=1000)]
    limit: Annotated[int, Field(ge=1, le=1000)] = 50


class ScheduleConfig(_Section):
    """When `feeder run` works. Cron lines count in UTC, with cron's own weekdays (0 and 7 are Sunday)."""

    ingest: Schedule = "15m"
    publish: PublishSchedule = AFTER_INGEST


class WebConfig(_Section):
    """Where `feeder serve` and `feeder run` listen, and what they do there beside showing the site."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    websub: bool = False
    metrics: bool = False


class ChannelConfig(_Section):
    """One chat that new entries are posted to; `load_config` sets `query` to that of the saved search in `feed`."""

    chat: ChatAddress
    topic: int | None = None
    query: str = ""
    feed: str = ""
    silent: bool = False
    recent: Annotated[int, Field(ge=0, le=100)] = 3
    on_unknown: Literal["repost", "hold"] = "repost"


class TelegramConfig(_Section):
    """The bot. Without a token there is none."""

    token: SecretStr | None = None
    token_file: Path | None = None
    api_url: HttpUrl = "https://api.telegram.org"
    admins: tuple[int, ...] = ()
    poll: Duration = "20s"
    withdraw: bool = False
    channels: tuple[ChannelConfig, ...] = ()
