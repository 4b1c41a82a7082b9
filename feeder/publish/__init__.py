"""Entries as what readers fetch: `feeds` and `pages` are pure, `site` writes them below `site.output`."""
