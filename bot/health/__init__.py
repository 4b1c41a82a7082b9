"""How the chats of the bot are: what waits for a person, who is told, and signs that a chat takes posts again."""
