"""Remote feeds: how they are found, listed, polled and pushed; `parsing` reads them."""
