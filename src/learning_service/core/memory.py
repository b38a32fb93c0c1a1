"""How a process's memory goes back to the system."""

import ctypes
from contextlib import suppress

_MALLOC = {-1: 1 << 20, -3: 1 << 20, -8: 1}
"""M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX of malloc.h."""


def give_back_memory() -> None:
    """From here on, what a large piece of work took. glibc would keep twice the largest for the next one, and a part
    for each thread.
    """
    with suppress(OSError, AttributeError):
        set_option = ctypes.CDLL(None).mallopt
        for option, value in _MALLOC.items():
            set_option(option, value)
