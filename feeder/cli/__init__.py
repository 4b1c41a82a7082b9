"""The command line: each command parses its arguments, calls one function, prints the result and sets an exit code."""
