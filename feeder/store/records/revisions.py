"""What entries said before their source corrected them: a few revisions of each."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from feeder.incoming.corrections import MAX_TEXT, former_text, have_same_words
from feeder.model import Entry
from feeder.query.tokens import visible_text
from feeder.store.records.entries import in_chunks
from feeder.store.tables import entries, revisions

MOST = 5  # revisions of an entry


class Revision(NamedTuple):
    """What an entry said until it was corrected, aware UTC; `text` has a line for each paragraph, None if too long."""

    corrected_at: datetime
    title: str
    text: str | None


class Correction(NamedTuple):
    """An entry that its source changed: as it was, as it is, and the number of that change of the store."""

    number: int
    change: int
    former: Entry
    entry: Entry


def record_revisions(connection: Connection, changed: Iterable[Correction]) -> None:
    """Keep what these entries said, if its words were others."""
    rows: list[dict[str, Any]] = []
    for number, change, former, entry in changed:
        if (former.title, former.content) == (entry.title, entry.content):
            continue
        text = former_text(former, entry)
        if have_same_words(former.title, entry.title) and have_same_words(text, visible_text(entry.content)):
            continue
        kept = text if len(text) <= MAX_TEXT else None
        values = {"corrected_at": entry.updated, "title": former.title, "text": kept}
        rows.append({"number": number, "changed": change} | values)
    if rows:
        connection.execute(insert(revisions), rows)
        _join_oldest(connection, [row["number"] for row in rows])


def _join_oldest(connection: Connection, numbers: Iterable[int]) -> None:
    """Make one revision of the two oldest of entries that have too many: what they said at first is never lost."""
    column = revisions.c
    for chunk in in_chunks(numbers):
        counted = select(column.number).where(column.number.in_(chunk)).group_by(column.number)
        for number in connection.scalars(counted.having(func.count() > MOST)).all():
            here = column.number == number
            of_entry = select(column.changed, column.corrected_at).where(here).order_by(column.changed).limit(2)
            (first, _), (second, corrected_at) = connection.execute(of_entry)
            connection.execute(delete(revisions).where(here, column.changed == second))
            connection.execute(update(revisions).where(here, column.changed == first).values(corrected_at=corrected_at))


def revisions_of(connection: Connection, keys: Iterable[str]) -> dict[str, tuple[Revision, ...]]:
    """Return the revisions of these entries by key, the latest first; without entries that have none."""
    found: defaultdict[str, list[Revision]] = defaultdict(list)
    columns = (entries.c.key, *(revisions.c[name] for name in Revision._fields))
    for chunk in in_chunks(keys):
        statement = select(*columns).join(entries, entries.c.number == revisions.c.number)
        statement = statement.where(entries.c.key.in_(chunk)).order_by(revisions.c.changed.desc())
        for key, *revision in connection.execute(statement):
            found[key].append(Revision(*revision))
    return {key: tuple(several) for key, several in found.items()}
