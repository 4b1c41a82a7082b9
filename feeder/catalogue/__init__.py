"""The list of sources: which there are, how they are, and how they are added, changed, removed and paused."""
