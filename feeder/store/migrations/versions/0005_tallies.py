"""What was counted of lines at the edges of articles: a row for each publisher, where it was one note for all."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_NOTE = "boilerplate"


def upgrade() -> None:
    """Make the table, and move what the note holds into it."""
    tallies = op.create_table(
        "tallies",
        sa.Column("publisher", sa.Text(), primary_key=True),
        sa.Column("articles", sa.Integer(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
    )
    notes = sa.table("notes", sa.column("name", sa.Text()), sa.column("text", sa.Text()))
    connection = op.get_bind()
    text = connection.scalar(sa.select(notes.c.text).where(notes.c.name == _NOTE))
    if text is None:
        return
    tally = json.loads(text)
    rows = [
        {"publisher": name, "articles": number, "lines": tally["lines"].get(name, {})}
        for name, number in tally["articles"].items()
    ]
    if rows:
        op.bulk_insert(tallies, rows)
    connection.execute(sa.delete(notes).where(notes.c.name == _NOTE))
