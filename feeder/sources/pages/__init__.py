"""Web pages -> drafts: pages that list articles, and the article of a page."""
