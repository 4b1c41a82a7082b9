"""Feeds and pages: `atom` and `html` render them (pure), `site` writes them to `site.output`."""
