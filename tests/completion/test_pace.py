"""How many enrollments a run takes at a time."""

import pytest

from learning_service.domain.completion.rules.pace import AIM, FIRST, LEAST, MOST, next_size


@pytest.mark.parametrize(("cost", "busy"), [(0.0005, 1), (0.0005, 8), (0.002, 4), (0.02, 4), (0.00001, 1)])
def test_transactions_come_to_take_what_they_should(cost: float, busy: float) -> None:
    size = FIRST
    for _ in range(20):
        size = next_size(size, size * cost)
    assert size in (LEAST, MOST) or size * cost <= AIM * 1.01
    # The machine gets busy: the very next one is smaller, and at most so many times as long as it should be.
    after = next_size(size, size * cost * busy)
    assert after * cost * busy <= max(AIM * 1.01, LEAST * cost * busy)
    assert LEAST <= after <= MOST


def test_an_idle_moment_does_not_make_the_next_one_huge() -> None:
    assert next_size(60, 0.0) == 120
    assert next_size(60, 100.0) == LEAST
