"""Reads articles from files: listing folders, parsing metadata, and exports with many articles."""
