"""A function that never ends."""

import re


def hang() -> None:
    """Match for ever inside C code, which checks for exceptions rarely."""
    re.fullmatch("(?:a|a)*b", "a" * 200)
