"""What reading hands to the store: entries, with all that can be computed without the database. Pure."""
