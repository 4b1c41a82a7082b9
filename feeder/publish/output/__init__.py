"""The published folder: its files, replaced atomically, and the ledger of what is in it."""
