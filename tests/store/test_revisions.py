"""What entries said before their source corrected them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from feeder.incoming.batch import Batch
from feeder.incoming.corrections import MAX_TEXT
from feeder.incoming.entry import prepare
from feeder.incoming.origin import Origin
from feeder.model import Entry
from feeder.store import Revision, Store
from feeder.store.records.revisions import MOST
from feeder.store.tables import revisions
from tests.entries import make_entry
from tests.saving import save

HERE, THERE = Origin("mirror", "a.md"), Origin("mirror", "b.md")
FEED = Origin("feed", "https://a.example/f")
NOW = datetime(2026, 3, 3, tzinfo=UTC)
TEXT = "清晨下了一场雨，街上的人都带着伞。\nIt rained all day."


def entry(**changes: Any) -> Entry:
    return make_entry(1, **{"first_seen_at": NOW} | changes)


def revisions_of(store: Store) -> tuple[Revision, ...]:
    return store.entries.revisions([entry().key, "0" * 16]).get(entry().key, ())


@pytest.mark.parametrize("origin", [HERE, FEED])
def test_what_a_source_corrects_is_kept_with_its_date(store: Store, origin: Origin) -> None:
    save(store, [(origin, make_entry(1))])
    assert revisions_of(store) == ()
    save(store, [(origin, entry(content="<p>清晨下了一场雪。</p>"))])
    save(store, [(origin, entry(content="<p>清晨下了一场雪。</p>", title="雪", updated=NOW + timedelta(hours=1)))])
    title = make_entry().title
    assert revisions_of(store) == (
        Revision(NOW + timedelta(hours=1), title, "清晨下了一场雪。"),
        Revision(NOW, title, TEXT),
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"content": make_entry().content.replace("<p>", "<p> ").replace("</p><p>", "</p><hr><p>")},
        {"content": make_entry().content + '<p><img src="https://example.org/other.jpg" alt=""></p>'},
        {"content": make_entry().content.replace("</p><p>", "</p>\n<blockquote><p>") + "</blockquote>"},
        {"title": "春天的第一场雨  First rain"},
        {"summary": "another"},
        {"authors": ()},
    ],
)
def test_other_pictures_spaces_or_data_are_no_correction(store: Store, changes: dict[str, Any]) -> None:
    save(store, [(HERE, make_entry(1))])
    save(store, [(HERE, entry(**changes))])
    assert revisions_of(store) == ()


@pytest.mark.parametrize("how", [{"reread": True}, {"late": True}])
def test_what_only_we_read_otherwise_is_no_correction(store: Store, how: dict[str, Any]) -> None:
    save(store, [(HERE, make_entry(1))])
    store.take([Batch(source="mirror", incoming=[prepare(HERE, entry(content="<p>Other.</p>"), **how)])])
    assert store.entries.get(entry().key).content == "<p>Other.</p>"
    assert revisions_of(store) == ()


def test_what_is_cut_since_is_no_correction(store: Store) -> None:
    notice = "<p>Follow us!</p>"
    save(store, [(HERE, make_entry(1, content=make_entry().content + notice))])
    save(store, [(HERE, entry(cut=("Follow us!",)))])
    assert revisions_of(store) == ()


def test_the_version_of_another_file_is_no_correction(store: Store) -> None:
    save(store, [(HERE, make_entry(1))])
    longer = make_entry().content + "<p>还有一段更长的文字。</p>"
    save(store, [(THERE, entry(content=longer))])
    assert store.entries.get(entry().key).content == longer
    assert revisions_of(store) == ()


def test_what_nobody_has_read_is_no_revision(store: Store) -> None:
    save(store, [(HERE, make_entry(1)), (HERE, entry(title="other"))])
    assert store.entries.get(entry().key).title == "other"
    assert revisions_of(store) == ()


def test_of_many_corrections_the_first_text_and_the_latest_are_kept(store: Store) -> None:
    save(store, [(HERE, make_entry(1)), (HERE, make_entry(2))])
    for number in range(8):
        at = NOW + timedelta(days=number)
        save(store, [(HERE, entry(title=f"t{number}", updated=at)), (HERE, make_entry(2, title=f"t{number % 2}"))])
    kept = revisions_of(store)
    assert [one.title for one in kept] == ["t6", "t5", "t4", "t3", make_entry().title]
    assert [one.corrected_at.day for one in kept] == [10, 9, 8, 7, 6]
    assert len(store.entries.revisions([make_entry(2).key])[make_entry(2).key]) == MOST


def test_a_text_that_is_too_long_is_not_kept(store: Store) -> None:
    save(store, [(HERE, make_entry(1, content=f"<p>{'x' * (MAX_TEXT + 1)}</p>"))])
    save(store, [(HERE, entry())])
    assert revisions_of(store) == (Revision(NOW, make_entry().title, None),)


def test_revisions_leave_with_their_entry(store: Store) -> None:
    for number in (1, 2):
        save(store, [(HERE, make_entry(number)), (HERE, make_entry(number, title="other"))])
        save(store, [(HERE, make_entry(number, title="another"))])
    store.entries.withdraw([make_entry(1).key], now=NOW)
    store.take([Batch(source="mirror", left=[HERE.address])])
    assert store.remove_orphans() == 1
    with store.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(revisions)) == 0


def test_a_batch_may_change_an_entry_back(store: Store) -> None:
    save(store, [(HERE, make_entry(1))])
    save(store, [(HERE, entry(title="other")), (HERE, replace(make_entry(1), first_seen_at=NOW))])
    assert revisions_of(store) == ()
