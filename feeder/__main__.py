"""Entry point of `feeder` and `python -m feeder`: signals and streams are set up before anything else is imported.

Until a command opens the store (`cli.context.open_store`), Ctrl-C ends the process at once and silently: a
KeyboardInterrupt raised while modules load may surface where Python can only ignore it. All three standard streams are
open afterwards, lest a file opened later becomes standard output. Characters that a terminal cannot encode are escaped.
"""

import io
import os
import signal
import sys


def main() -> None:
    """Run the command line."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # shells ignore it for background jobs: keep that
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    _prepare_streams()
    from feeder.cli.app import main as run  # noqa: PLC0415  it must be loaded after the above

    run()


def _prepare_streams() -> None:
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "r" if name == "stdin" else "w", closefd=False))  # noqa: SIM115  stays open
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    main()
