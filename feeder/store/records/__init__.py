"""Entries and the documents they came from: SQL, run in the caller's transaction."""
