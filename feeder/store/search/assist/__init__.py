"""What helps a search along: suggestions, spelling, related entries."""
