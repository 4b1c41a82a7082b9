"""The copy of the published folder in object storage: what it holds, and bringing it up to date."""
