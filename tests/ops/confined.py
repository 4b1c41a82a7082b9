"""Runs a command with the system calls that a systemd unit leaves it: python confined.py FILTER… -- COMMAND…

systemd does not run where tests do. The filter is made as systemd makes it: by libseccomp, from systemd's own lists.
"""

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator

ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | 1  # SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(EPERM)
PR_SET_NO_NEW_PRIVS, PR_SET_MDWE = 38, 65


def iter_calls(name: str) -> Iterator[str]:
    """Yield the system calls of one of systemd's sets, and of the sets in it."""
    if not name.startswith("@"):
        yield name
        return
    listed = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    for line in listed.stdout.splitlines()[1:]:
        if (word := line.strip()) and not word.startswith("#"):
            yield from iter_calls(word)


def confine(filters: list[str]) -> None:
    """Refuse all system calls but those of the filters, and memory that is writable and executable."""
    allowed: set[str] = set()
    for words in filters:
        calls = {call for name in words.removeprefix("~").split() for call in iter_calls(name)}
        allowed = allowed - calls if words.startswith("~") else allowed | calls
    system, seccomp = ctypes.CDLL(None, use_errno=True), ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(REFUSE))
    for call in allowed:
        number = seccomp.seccomp_syscall_resolve_name(call.encode())
        seccomp.seccomp_rule_add_array(context, ctypes.c_uint32(ALLOW), number, 0, None)  # not those of other machines
    if system.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or system.prctl(PR_SET_MDWE, 1, 0, 0, 0):
        sys.exit(os.strerror(ctypes.get_errno()))
    if error := seccomp.seccomp_load(context):
        sys.exit(os.strerror(-error))


if __name__ == "__main__":
    own, separator, command = sys.argv, sys.argv.index("--"), sys.argv[sys.argv.index("--") + 1 :]
    confine(own[1:separator])
    os.execvp(command[0], command)  # noqa: S606  the command of a unit
