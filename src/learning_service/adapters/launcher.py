"""Becomes another program, within limits that this process sets on itself first. Run as a script, never imported.

`launcher.py LIMITS PROGRAM ARGUMENT…`, where LIMITS is JSON: names of `resource.RLIMIT_*` without the prefix. The
program dies with the process that started it (on Linux). Only the standard library, so that it starts in some 20 ms.
"""

import ctypes
import json
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38


def main() -> None:
    """Limit this process and become the program."""
    limits: dict[str, int] = json.loads(sys.argv[1])
    parent = os.getppid()
    if sys.platform == "linux":
        prctl = ctypes.CDLL(None, use_errno=True).prctl
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit(1)
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606


if __name__ == "__main__":
    main()
