"""`feeder status`: how feeder is, on a page in the terminal."""
