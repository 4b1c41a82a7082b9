"""The first tables: entries, their origins, what was removed, the documents they were read from, notes, counters."""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    rowid = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "entries",
        sa.Column("number", rowid, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger(), nullable=False, unique=True),
        sa.Column("changed", sa.BigInteger(), nullable=False, unique=True),
        sa.Column("key", sa.Text(), nullable=False, unique=True),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("link", sa.Text()),
        sa.Column("link_key", sa.Text()),
        sa.Column("text_key", sa.Text()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("published", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("updated_tie", sa.Integer(), nullable=False),
        sa.Column("published_from", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("held_source", sa.Text(), nullable=False),
        sa.Column("held_address", sa.Text(), nullable=False),
        sa.Column("language", sa.Text()),
        sa.Column("rights", sa.Text()),
        sa.Column("source", sa.JSON(), nullable=False),
        sa.Column("links", sa.JSON(), nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("credits", sa.JSON(), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("media", sa.JSON(), nullable=False),
        sa.Column("cut", sa.JSON(), nullable=False),
        sa.Column("read_from", sa.JSON(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
    )
    op.create_index("ix_entries_link_key", "entries", ["link_key"])
    op.create_index("ix_entries_text_key", "entries", ["text_key"])
    op.create_index("ix_entries_updated", "entries", ["updated", "updated_tie"])
    op.create_table(
        "origins",
        sa.Column("number", rowid, sa.ForeignKey("entries.number", ondelete="CASCADE"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("known_as", sa.Text()),
        sa.PrimaryKeyConstraint("number", "source", "address"),
    )
    op.create_index("ix_origins_known_as", "origins", ["known_as"])
    op.create_index("ix_origins_address", "origins", ["source", "address"])
    op.create_table(
        "removals",
        sa.Column("number", rowid, primary_key=True, autoincrement=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_removals_changed", "removals", ["changed"])
    op.create_table(
        "documents",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("articles", sa.Integer(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("source", "path"),
    )
    op.create_table(
        "edges",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("articles", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("source", "path"),
    )
    op.create_table(
        "notes", sa.Column("name", sa.Text(), primary_key=True), sa.Column("text", sa.Text(), nullable=False)
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("value", sa.BigInteger(), nullable=False),
    )
    # The name of this store among all, by which its search index knows it.
    notes = sa.table("notes", sa.column("name"), sa.column("text"))
    op.execute(notes.insert().values(name="store", text=uuid.uuid4().hex))
