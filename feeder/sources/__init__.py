"""Articles and feeds from the outside world become drafts here; nothing is judged or cleaned yet."""
