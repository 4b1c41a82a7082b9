"""Separating options from words where a word may begin with "-", as in a search."""

import re
from itertools import islice
from typing import Any

from typer.core import TyperCommand, TyperGroup

SNAPSHOT = "search snapshot"
_OF_SNAPSHOT = ("--help", "--to", "--force")  # its options
_SHORT_COUNT = re.compile(r"-n\d*")


class SearchCommand(TyperCommand):
    """A command whose arguments may begin with "-" to exclude a word: only -n and -n5 are short options.

    As usual, arguments that begin with "--" are options, and everything after a bare "--" is a word.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  Typer does not export the type
        """Move the options to the front and put "--" before the words, so that none is taken for an option."""
        options: list[str] = []
        words: list[str] = []
        remaining = iter(args)
        for arg in remaining:
            if arg == "--":
                words += remaining
            elif arg.startswith("--") or _SHORT_COUNT.fullmatch(arg):
                options.append(arg)
                if arg in {"-n", "--limit"}:
                    options += islice(remaining, 1)
            else:
                words.append(arg)
        return super().parse_args(ctx, [*options, "--", *words] if words else options)


class Commands(TyperGroup):
    """The commands of `feeder`: `search snapshot` is one of two words, unless more of a search follows."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401  Typer does not export the types
        """Return the command's name, the command, and the arguments that are left."""
        rest = args[2:]
        if " ".join(args[:2]) == SNAPSHOT and (not rest or rest[0].startswith(_OF_SNAPSHOT)):
            return SNAPSHOT, self.get_command(ctx, SNAPSHOT), rest
        return super().resolve_command(ctx, args)
