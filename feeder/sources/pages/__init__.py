"""Reads web pages: lists of articles, and the article of a page."""
