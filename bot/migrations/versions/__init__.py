"""One file a revision; the greatest is the head."""
