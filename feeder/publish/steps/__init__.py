"""What a pass writes: a module for each kind of files."""
