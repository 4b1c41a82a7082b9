"""The text of an entry: HTML and Markdown of any kind -> clean blocks."""
