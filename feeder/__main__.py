"""The program's first step: what must be so before anything else is loaded. `python -m feeder` is `feeder`.

Ctrl-C ends at once and without a word until there is work that must be put in order first (`cli.context.opened`): an
exception raised while modules load may land where Python can only drop it. All three standard streams
are there: a file that is opened later must not become standard output by chance. What a terminal has no letter for is
shown as an escape.
"""

import io
import os
import signal
import sys


def main() -> None:
    """Run the command line."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # it is not for what a shell runs behind itself
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    _prepare_streams()
    from feeder.cli.app import main as run  # noqa: PLC0415  loading it takes longer than what is done until here

    run()


def _prepare_streams() -> None:
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, which is this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "r" if name == "stdin" else "w", closefd=False))  # noqa: SIM115  open to the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    main()
