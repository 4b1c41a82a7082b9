"""The search index beside the database: what it holds, how it follows, and how it is asked."""
