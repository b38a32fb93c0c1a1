"""Ports on 127.0.0.1 that stay ours across restarts."""

import errno
import random
import socket
import time

# Below the ports that the kernel hands to outgoing connections (32768 and up on Linux, 49152 on macOS).
# Inside that range a client that keeps knocking on a part that is down can be given the part's own port,
# and so hold it.
LOWEST, HIGHEST = 20_000, 32_000
LOOPBACK = "127.0.0.1"


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on this port now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # Connections of an earlier server that linger in TIME_WAIT do not make a port busy.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def choose(preferred: int | None = None, wait_seconds: float = 0) -> int:
    """A free port: `preferred` when it is free or becomes so within `wait_seconds`, else any."""
    deadline = time.monotonic() + wait_seconds
    while preferred is not None:
        if is_free(preferred):
            return preferred
        if time.monotonic() >= deadline:
            break
        time.sleep(0.05)
    for port in random.SystemRandom().sample(range(LOWEST, HIGHEST), 200):
        if is_free(port):
            return port
    raise OSError(errno.EADDRINUSE, f"no free port between {LOWEST} and {HIGHEST} on {LOOPBACK}")
