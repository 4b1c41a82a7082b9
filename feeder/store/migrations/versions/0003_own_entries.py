"""An entry belongs to its source: names within it, and copies across sources.

Entries that were held together until now stay one: the other sources go on knowing them, and what a folder has is
held by it. Each feed is read once more as a whole, so that its entries are known by what it calls them before it moves.
"""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_REMOTE = "(o.address LIKE 'http://%' OR o.address LIKE 'https://%')"
_CHUNK = 1000


def upgrade() -> None:
    """Make the table and the column, and fill them."""
    rowid = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "names",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", rowid, sa.ForeignKey("entries.number", ondelete="CASCADE"), nullable=False),
        sa.PrimaryKeyConstraint("name", "source", "number"),
    )
    op.create_index("ix_names_number", "names", ["number"])
    op.add_column("entries", sa.Column("copy_of", sa.BigInteger()))
    op.create_index("ix_entries_copy_of", "entries", ["copy_of"])
    connection = op.get_bind()
    known = connection.execute(
        sa.text(
            "SELECT DISTINCT o.source, e.link_key, e.number FROM origins o JOIN entries e ON e.number = o.number "  # noqa: S608  no value of anybody's is in it
            f"WHERE e.link_key IS NOT NULL AND {_REMOTE}"
        )
    ).all()
    insert = sa.text("INSERT INTO names (source, name, number) VALUES (:source, :name, :number)")
    rows = [{"source": one.source, "name": _link_name(one.link_key), "number": one.number} for one in known]
    for start in range(0, len(rows), _CHUNK):
        connection.execute(insert, rows[start : start + _CHUNK])
    folders = connection.execute(
        sa.text(
            "SELECT o.number, MIN(o.source) AS source, MIN(o.address) AS address FROM origins o "  # noqa: S608  as above
            "JOIN entries e ON e.number = o.number "
            "WHERE (e.held_address LIKE 'http://%' OR e.held_address LIKE 'https://%') "
            f"AND NOT {_REMOTE} GROUP BY o.number HAVING COUNT(DISTINCT o.source) = 1"
        )
    ).all()
    for one in folders:
        connection.execute(
            sa.text("UPDATE entries SET held_source = :source, held_address = :address WHERE number = :number"),
            {"number": one.number, "source": one.source, "address": one.address},
        )
    op.execute("UPDATE polls SET etag = NULL, last_modified = NULL, digest = NULL")
    documents = sa.table("documents", sa.column("source"), sa.column("again"))
    polls = sa.table("polls", sa.column("source"))
    op.execute(documents.update().where(documents.c.source.in_(sa.select(polls.c.source))).values(again=True))


def _link_name(link_key: str) -> str:
    return "l" + hashlib.sha256(link_key.encode()).hexdigest()[:23]
