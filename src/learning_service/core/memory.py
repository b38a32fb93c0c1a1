"""Memory that this process has freed and the C library keeps for it. Without glibc, nothing happens here."""

import ctypes
from contextlib import suppress

_MALLOC = {-1: 1 << 20, -3: 1 << 20, -8: 1}
"""M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX of malloc.h."""


def keep_little() -> None:
    """Keep no more for later: glibc would keep twice what a large picture took, and a part for each thread."""
    with suppress(OSError, AttributeError):
        set_option = ctypes.CDLL(None).mallopt
        for option, value in _MALLOC.items():
            set_option(option, value)


def give_back() -> None:
    """Give the system back what is free now; takes a fifth of a millisecond."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
