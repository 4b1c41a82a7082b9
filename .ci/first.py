"""Runs the README's first command and subscribes to its feed as a feed reader would.

python3 .ci/first.py "COMMAND"
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import xml.etree.ElementTree as ET
from pathlib import Path

ATOM = "{http://www.w3.org/2005/Atom}"
PATIENCE_S = 60
OK, NOT_MODIFIED = 200, 304


def get(address: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(address, headers=headers)  # noqa: S310  our own server, on loopback
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request) as response:
            return response.status, dict(response.headers), response.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def subscribe(address: str) -> None:
    """Wait for the feed, poll it again, and open the pages that a person would open."""
    deadline = time.monotonic() + PATIENCE_S
    while get(address + "atom.xml")[0] != OK:
        if time.monotonic() > deadline:
            sys.exit("the feed was not published")
        time.sleep(0.2)
    _, headers, feed = get(address + "atom.xml")
    entries = ET.fromstring(feed).findall(f"{ATOM}entry")  # noqa: S314  our own feed
    seeds = len(list(Path("seeds").iterdir()))
    if len(entries) != seeds:
        sys.exit(f"the feed holds {len(entries)} entries for {seeds} seeds")
    status, _, _ = get(address + "atom.xml", **{"If-None-Match": headers["etag"]})
    if status != NOT_MODIFIED:
        sys.exit(f"polling an unchanged feed gave {status}, not {NOT_MODIFIED}")
    for page in ("", "search?q=%E6%99%AE%E4%BA%AC", "archive/", "healthz"):
        if (status := get(address + page)[0]) != OK:
            sys.exit(f"/{page} gave {status}")
    print("subscribed to", len(entries), "entries;", json.loads(get(address + "healthz")[2]))


def main() -> None:
    """Run the command until it serves, subscribe, and stop it as Ctrl-C does."""
    environment = os.environ | {"FEEDER_WEB__PORT": "0"}  # any free port
    with subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", sys.argv[1]],  # noqa: S607  as a person types it
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                sys.stderr.write(line)
                if found := re.search(r"serving (\S+)", line):
                    break
            else:
                sys.exit("it never served")
            subscribe(found[1])
            os.killpg(process.pid, signal.SIGINT)
            print("stopped with", process.wait(PATIENCE_S))
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode != 0:
        sys.exit("it did not stop cleanly")


if __name__ == "__main__":
    main()
