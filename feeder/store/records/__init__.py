"""What is kept of entries and of the documents they came from: statements, each in a transaction of its caller."""
