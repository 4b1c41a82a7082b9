"""Renders the site's pages. Pure."""
