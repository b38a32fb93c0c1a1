"""Thousands of certificates after a deadline: a process makes the last as fast as the first, in the same memory."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

import pytest
from tests.kit.many_certificates import make_many

STEP = 250
MANY = int(os.environ.get("MANY_CERTIFICATES", "1000"))
"""5,000 of them take some four minutes."""
MOST_GROWTH_KIB = 16 * 1024


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_process_makes_thousands_in_the_same_memory_and_time() -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        found = [pool.submit(make_many, first, STEP).result() for first in range(0, MANY, STEP)]
    print(found)
    # The first ones fill what is kept for all: fonts, their common subsets, contexts.
    warm, *later = found[1:]
    assert max(memory for memory, _ in later) - warm[0] < MOST_GROWTH_KIB
    assert later[-1][1] < 1.5 * warm[1]
