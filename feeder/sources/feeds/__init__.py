"""Remote feeds: discovery, OPML, polling and WebSub; `parsing` parses them."""
