"""The list of sources: which there are, their status; adding, changing, removing and pausing them."""
