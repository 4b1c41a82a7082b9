"""What is known of remote sources: statements, each in a transaction of its caller."""
