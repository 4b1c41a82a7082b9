from datetime import UTC, datetime

from feeder.incoming.batch import Batch, Document
from feeder.incoming.entry import prepare
from feeder.incoming.origin import Origin
from feeder.sources.feeds.polling import Poll, new_poll
from feeder.store import Outcome, Store
from tests.entries import make_entry

AT = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
FULL = Poll(
    source="rain",
    feed_url="https://e.org/f",
    address="https://e.org/g",
    etag='W/"caf\xe9 \x80\xff"',
    last_modified="Fri,  1 May 2026",
    digest="abc",
    next_check_at=AT,
    last_check_at=AT,
    last_success_at=AT,
    interval_s=900,
    asked_s=60_000_000_000,
    skip_hours=(1, 2),
    skip_days=(0,),
    failures=3,
    error="no",
    moved_to="https://e.org/h",
    moved_seen=2,
    gone_at=AT,
    hub="https://hub.example/",
)


def test_a_poll_is_kept_as_it_is_and_gives_way_to_the_next(store: Store) -> None:
    assert store.sources.polls() == {}
    store.sources.record_polls([FULL, new_poll("wind", "https://e.org/w")])
    assert store.sources.polls() == {"rain": FULL, "wind": new_poll("wind", "https://e.org/w")}
    store.sources.record_polls([new_poll("rain", "https://e.org/f")])
    assert store.sources.polls()["rain"] == new_poll("rain", "https://e.org/f")
    store.sources.record_polls([])
    assert len(store.sources.polls()) == 2


def test_feeds_are_taken_together_and_each_is_told_what_became_of_its_entries(store: Store) -> None:
    def feed(name: str, *numbers: int, gone: tuple[str, ...] = ()) -> Batch:
        incoming = [prepare(Origin(name, "https://e.org/f"), make_entry(number)) for number in numbers]
        return Batch(
            source=name,
            incoming=incoming,
            documents=[Document(str(number), 0, 0, "x") for number in numbers],
            gone=gone,
        )

    new, same = Outcome.NEW, Outcome.SAME
    assert store.take([feed("a", 1, 2), feed("b"), feed("c", 2, 3)]) == [[new, new], [], [new, new]]
    assert list(store.documents.of_source("a")) == ["1", "2"]
    assert store.take([feed("a", 2, gone=("1",))]) == [[same]]
    assert list(store.documents.of_source("a")) == ["2"]
    assert (store.entries.count(), store.entries.count(copies=False)) == (4, 3)
