"""What commands share: the options that mean the same everywhere, the configuration in force, and its open store."""

import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from feeder.config.load import Config
    from feeder.store import Store

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="How many at most.")]


def loaded(context: typer.Context, level: int = logging.INFO) -> "Config":
    """Return the configuration in force, with logging set up and the token kept out of it."""
    from feeder.config.load import load_config
    from feeder.config.saved import read_saved
    from feeder.log import set_up_logging

    path, verbose = context.obj
    config = load_config(path)
    read_saved(config)  # a search that cannot be understood is a mistake in the configuration
    token = config.telegram.token
    set_up_logging(logging.DEBUG if verbose else level, secrets=[token.get_secret_value()] if token else [])
    return config


@contextmanager
def opened(context: typer.Context, level: int = logging.INFO) -> Iterator[tuple["Config", "Store"]]:
    """Give a command its configuration and its open store."""
    from feeder.store import Store

    config = loaded(context, level)
    with Store.open(config.store.url, search=config.store.search) as store:
        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # until here there was nothing to put in order first
            signal.signal(signal.SIGINT, signal.default_int_handler)
        yield config, store


def agreed(question: str, *, default: bool = True) -> bool:
    """Ask whoever sits at the terminal; where nobody does, the command itself is the yes."""
    return not sys.stdin.isatty() or typer.confirm(question, default=default, err=True)


def end_with_the_reader() -> None:
    """End without a word when whoever reads our results has seen enough (`| head`), as other tools do.

    Not for commands that serve: a visitor who hangs up must not end them.
    """
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
