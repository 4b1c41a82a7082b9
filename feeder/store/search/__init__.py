"""The search index beside the database: its contents, keeping it in step, and searching it."""
