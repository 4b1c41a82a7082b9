"""The configuration: what a user may write, how it is read and checked, and the saved searches in it."""
