"""Alembic's folder for feeder's own tables; `feeder.store.migrate` runs it."""
