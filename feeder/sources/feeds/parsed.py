"""The values of a parsed feed, whatever its format. Apart from the parsers: a pass without changes loads none."""

from dataclasses import dataclass

from feeder.model import Draft, Person, Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """How often a feed asks to be polled.

    `ttl_s` is the RSS `ttl`, and `period_s` is `sy:updatePeriod` divided by `sy:updateFrequency`, both in seconds; None
    if the feed has none. `skip_hours` (0 to 23) and `skip_days` (Monday is 0) are in UTC.
    """

    ttl_s: int | None = None
    period_s: int | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed document.

    `id` is the feed's own id, else the address of its site, else its own. `link` is the site's page and `feed_url` the
    address that the feed names as its own (`rel="self"`); None for none. `hub` is its WebSub hub. `updated` is as the
    feed wrote it. `drafts` are in the feed's order, each with an id that is an IRI. `broken_off`: the
    document ended within an entry, which is left out.
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
    broken_off: bool = False
