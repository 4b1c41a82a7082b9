"""Makes an `Entry` of a `Draft`. Pure: files, sockets and clocks are not used, and settings are arguments."""
