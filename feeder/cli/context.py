"""What commands share: common options, loading the configuration, opening the store."""

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

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, max=64, help="Processes that serve [default: web.workers, 1].")
]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Maximum number of results.")]


def load(context: typer.Context, level: int = logging.INFO) -> "Config":
    """Return the configuration; set up logging, from `level` up unless the configuration has another."""
    from feeder.config.load import load_config
    from feeder.config.saved import read_saved
    from feeder.log import set_up_logging

    path, verbose = context.obj
    config = load_config(path)
    read_saved(config)  # an invalid saved search is a configuration error
    chosen = logging.DEBUG if verbose else config.log.number(level)
    set_up_logging(chosen, style=config.log.format, secrets=config.secrets)
    return config


@contextmanager
def open_store(
    context: typer.Context, level: int = logging.INFO, *, create: bool = True
) -> Iterator[tuple["Config", "Store"]]:
    """Load the configuration and open the store; Ctrl-C raises KeyboardInterrupt from then on."""
    from feeder.snapshots import latest_snapshot
    from feeder.store import Store

    config = load(context, level)
    with Store.open(
        config.store.url, search=config.store.search, snapshot=latest_snapshot(config), create=create
    ) as store:
        raise_on_interrupt()
        yield config, store


def raise_on_interrupt() -> None:
    """Have Ctrl-C raise KeyboardInterrupt unless it is ignored, so that what was begun is cleaned up."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def with_workers(config: "Config", workers: int | None) -> "Config":
    """Return the configuration with as many web server processes; None for as it is."""
    if workers is None:
        return config
    return config.model_copy(update={"web": config.web.model_copy(update={"workers": workers})})


def confirm(question: str, *, default: bool = True) -> bool:
    """Ask the question on a terminal and return the answer; True if standard input is not a terminal."""
    return not sys.stdin.isatty() or typer.confirm(question, default=default, err=True)


def exit_on_closed_pipe() -> None:
    """Exit silently when the reader of our output closes the pipe (`| head`), as other tools do.

    Not for commands that serve: a client that disconnects must not end them.
    """
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
