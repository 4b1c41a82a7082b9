"""Object storage: a place in an S3-compatible bucket. Must not know what the objects are."""
