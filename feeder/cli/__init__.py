"""The command line: reads what was typed, calls one function, prints what came of it, ends with an exit code."""
