"""How feeder is, in numbers: read cheaply from the store, for `/metrics` and `feeder status`."""
