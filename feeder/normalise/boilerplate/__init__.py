"""Removes what is around an article but not part of it: known notices, credits, and recurring lines."""
