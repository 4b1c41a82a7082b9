"""`feeder status`: reads the status once, or again and again, and shows it.

The store is left alone for at least four times as long as a reading takes: however large it is, looking costs it no
more than a fifth of one processor.
"""

import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from feeder.cli.output import json_text
from feeder.cli.status.page import as_json, draw_page
from feeder.config.load import Config
from feeder.errors import ConfigError, StoreError
from feeder.service import iter_services
from feeder.status.reading import StatusReader
from feeder.store import Store

_EVERY_S, _SHARE = 2.0, 4
_WEB_TIMEOUT_S = 1.0
_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  what to ask where the server listens on all
_QUIT = "qQ\x03\x1b"


def show_status(config: Config, store: Store, *, watch: bool, as_json_lines: bool) -> None:
    """Print the status; with `watch`, show it every two seconds until Ctrl-C or q."""
    reader = StatusReader(config, store, tuple(iter_services()))
    console = Console(highlight=False, markup=False)
    if as_json_lines:
        _print_lines(lambda: json_text(as_json(reader.read(datetime.now(UTC)), ask_web(config))), watch=watch)
    elif not watch:
        _print_page(draw_page(reader.read(datetime.now(UTC)), ask_web(config), console), console)
    elif not console.is_terminal:
        raise ConfigError("--watch needs a terminal; leave it out, or add --json")
    else:
        _watch(lambda: draw_page(reader.read(datetime.now(UTC)), ask_web(config), console), console)


def ask_web(config: Config) -> str:
    """Return whether the web server of this machine answers, in words."""
    host, port = _EVERY_ADDRESS.get(config.web.host, config.web.host), config.web.port
    address = f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
    if not port:
        return "listens on a port that the system chooses"
    connection = HTTPConnection(host, port, timeout=_WEB_TIMEOUT_S)
    try:
        connection.request("GET", "/livez")
        status = connection.getresponse().status
    except (OSError, HTTPException, UnicodeError):
        return f"{address} does not answer on this machine"
    finally:
        connection.close()
    return f"{address} answers" if status == HTTPStatus.OK else f"{address} is another program's, or an older feeder's"


def _print_page(page: RenderableType, console: Console) -> None:
    if console.is_terminal:
        console.print(page)
        return
    with console.capture() as captured:
        console.print(page)
    for line in captured.get().splitlines():
        print(line.rstrip())


def _print_lines(read: Callable[[], str], *, watch: bool) -> None:
    while True:
        started = time.monotonic()
        print(read(), flush=True)
        if not watch:
            return
        time.sleep(_pause_s(time.monotonic() - started))


def _watch(draw: Callable[[], RenderableType], console: Console) -> None:
    with suppress(KeyboardInterrupt), _single_keys(), Live(console=console, screen=True, auto_refresh=False) as live:
        page: RenderableType = Text("reading …")
        while True:
            started = time.monotonic()
            try:
                page = draw()
            except StoreError as error:  # it may be back soon
                page = Text(f"{error}\n", style="bold red")
            live.update(page, refresh=True)
            if _key_within(_pause_s(time.monotonic() - started)):
                return


def _pause_s(reading_s: float) -> float:
    return max(_EVERY_S, _SHARE * reading_s)


@contextmanager
def _single_keys() -> Iterator[None]:
    """Let keys be read as they are pressed, without being shown, if they come from a terminal."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _key_within(seconds: float) -> bool:
    """Wait so long; return whether somebody pressed a key to quit meanwhile. Any other key ends the wait."""
    if not sys.stdin.isatty():
        time.sleep(seconds)
        return False
    pressed, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(pressed) and sys.stdin.read(1) in _QUIT
