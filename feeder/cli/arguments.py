"""How the command line is told apart into options and words where words may begin with "-", as in a search."""

import re
from itertools import islice
from typing import Any

from typer.core import TyperCommand

_SHORT_COUNT = re.compile(r"-n\d*")


class SearchCommand(TyperCommand):
    """A command whose words may be left out with "-": of what begins with one "-", only -n and -n5 are options.

    What begins with "--" is an option, and everything behind "--" is a word, as everywhere.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  Typer keeps the type to itself
        """Put the options first, then the words in their order, so that no word is taken for an option."""
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
