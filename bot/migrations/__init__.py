"""The migrations of the bot's tables; see `bot.tables.migrate_tables`."""
