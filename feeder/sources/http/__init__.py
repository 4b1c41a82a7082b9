"""HTTP requests to untrusted addresses: which are allowed, within which limits, many at once."""
