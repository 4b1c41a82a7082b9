"""Converts the content of an entry, HTML or Markdown of any kind, to clean blocks."""
