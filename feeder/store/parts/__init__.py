"""The parts of a `Store`: small objects that open transactions and hand them to the statements."""
