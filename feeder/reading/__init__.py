"""Code that runs in worker processes: files, feeds and pages -> entries ready for the store."""
