"""Posts to chats: which entries to send, one call each, and its outcome."""
