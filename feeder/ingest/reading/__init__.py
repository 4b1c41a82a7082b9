"""What runs in worker processes: files, feeds and pages -> what the store takes in."""
