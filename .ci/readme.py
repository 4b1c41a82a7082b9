"""Prints the README's first or second command, so that CI runs what a newcomer types."""

import re
import sys
from pathlib import Path

blocks = re.findall(r"```sh\n(.+?)\n```", Path("README.md").read_text("utf-8"), flags=re.DOTALL)
command = blocks[int(sys.argv[1]) - 1]
if "\n" in command:
    sys.exit(f"README's command {sys.argv[1]} is more than one line")
print(command)
