"""What stands around an article and is no part of it: known notices and credits, and what recurs."""
