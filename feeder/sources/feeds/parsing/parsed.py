"""What a feed document says: the values that reading one gives, whatever its format was."""

from dataclasses import dataclass

from feeder.model import Draft, Person, Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a feed asks of those who poll it. It is advice: bounds are the poller's own.

    `ttl_s` is the RSS `ttl` and `period_s` one `sy:updatePeriod` divided by `sy:updateFrequency`, both in seconds;
    None where the feed does not say. `skip_hours` are hours of the day in UTC, 0 to 23; `skip_days` are days of
    the week in UTC, Monday being 0.
    """

    ttl_s: int | None = None
    period_s: int | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """One feed document.

    `id` is what the feed is known by: its own id, else its site's address, else its own. `link` is the site's page
    and `feed_url` the address the feed names as its own; None where it names none. `hub` is where it can be
    subscribed to (WebSub). `updated` is as the feed wrote it. The drafts stand in the feed's order, each with an id
    that is an IRI.
    """

    id: str
    title: str
    link: str | None = None
    feed_url: str | None = None
    hub: str | None = None
    subtitle: str | None = None
    language: str | None = None
    rights: str | None = None
    authors: tuple[Person, ...] = ()
    updated: Stamp | None = None
    hints: Hints = Hints()
    drafts: tuple[Draft, ...] = ()
