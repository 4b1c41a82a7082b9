"""Run by Alembic, in the transaction that `feeder.migrate` opens."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table=context.config.attributes["version_table"],
)
context.run_migrations()
