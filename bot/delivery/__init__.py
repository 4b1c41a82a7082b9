"""Posts to chats: what is to be sent, one call for each, and what became of it."""
