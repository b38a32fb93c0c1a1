"""The counting itself, without a clock or Redis of its own: budgets, windows, and whose address it is."""

import pytest

from learning_service.core.rate_limits import (
    REMEMBERED,
    TokenBuckets,
    Windows,
    client_address,
    parse_networks,
)


def test_a_burst_then_the_rate() -> None:
    buckets = TokenBuckets(rate=100, burst=1000)
    assert [buckets.spend("ana", 50.0) for _ in range(1000)] == [0] * 1000
    assert buckets.spend("ana", 50.0) == 1
    assert buckets.spend("bob", 50.0) == 0
    assert [buckets.spend("ana", 50.5) for _ in range(50)] == [0] * 50
    assert buckets.spend("ana", 50.5) == 1
    assert [buckets.spend("ana", 9999.0) for _ in range(1001)] == [0] * 1000 + [1]


def test_the_wait_is_whole_seconds_rounded_up() -> None:
    buckets = TokenBuckets(rate=0.25, burst=1)
    assert buckets.spend("ana", 0.0) == 0
    assert buckets.spend("ana", 0.0) == 4
    assert buckets.spend("ana", 1.5) == 3
    assert buckets.spend("ana", 4.0) == 0


def test_what_other_processes_spent_counts() -> None:
    buckets = TokenBuckets(rate=1, burst=10)
    buckets.spend("ana", 0.0)
    assert buckets.take_unsettled() == {"ana": 1}
    buckets.spend("ana", 0.0)
    buckets.settled("ana", 1.0, 0.0)
    assert buckets.spend("ana", 0.0) == 1
    assert buckets.take_unsettled() == {"ana": 1}
    assert buckets.take_unsettled() == {}


def test_a_settlement_that_failed_is_tried_again() -> None:
    buckets = TokenBuckets(rate=1, burst=10)
    buckets.spend("ana", 0.0)
    taken = buckets.take_unsettled()
    buckets.spend("ana", 0.0)
    buckets.put_back(taken)
    assert buckets.take_unsettled() == {"ana": 2}


def test_a_window_counts_for_a_minute() -> None:
    windows = Windows(limit=60)
    assert [windows.count("a", 100.0 + n / 10) for n in range(60)] == [0] * 60
    assert windows.count("a", 110.0) == 50
    assert windows.count("b", 110.0) == 0
    assert windows.count("a", 159.9) == 1
    assert windows.count("a", 160.0) == 0


def test_many_at_once_are_counted_each() -> None:
    windows = Windows(limit=60)
    assert windows.count("a", 0.0, 100) == 0
    assert windows.count("a", 1.0) == 59
    assert windows.take_unsettled() == {"a": 100}


def test_a_window_learns_of_other_processes() -> None:
    windows = Windows(limit=60)
    windows.count("a", 0.0)
    windows.take_unsettled()
    windows.settled("a", 60, 30.0, 1.0)
    assert windows.count("a", 2.0) == 29
    assert windows.count("a", 31.0) == 0


def test_memory_is_bounded() -> None:
    windows, buckets = Windows(1), TokenBuckets(1, 1)
    for n in range(REMEMBERED + 100):
        windows.count(str(n), 0.0)
        buckets.spend(str(n), 0.0)
    assert len(windows._windows) == len(buckets._buckets) == REMEMBERED
    assert buckets.spend(str(REMEMBERED + 99), 0.0) == 1


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "trusted", "expected"),
    [
        ("9.9.9.9", [], [], "9.9.9.9"),
        ("9.9.9.9", ["1.1.1.1"], [], "9.9.9.9"),
        ("9.9.9.9", ["1.1.1.1"], ["10.0.0.0/8"], "9.9.9.9"),
        ("10.0.0.1", ["1.1.1.1"], ["10.0.0.0/8"], "1.1.1.1"),
        ("10.0.0.1", ["6.6.6.6, 1.1.1.1"], ["10.0.0.0/8"], "1.1.1.1"),
        ("10.0.0.1", ["6.6.6.6", "1.1.1.1, 10.0.0.2"], ["10.0.0.0/8"], "1.1.1.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], ["10.0.0.0/8"], "10.0.0.3"),
        ("10.0.0.1", ["nonsense"], ["10.0.0.1"], "10.0.0.1"),
        ("10.0.0.1", ["1.1.1.1, nonsense, 10.0.0.2"], ["10.0.0.0/8"], "10.0.0.2"),
        ("10.0.0.1", ["1.1.1.1:4711"], ["10.0.0.1"], "1.1.1.1"),
        ("::1", ["[2001:db8::1]:443"], ["::1"], "2001:db8::1"),
        ("::ffff:10.0.0.1", ["1.1.1.1"], ["10.0.0.1"], "1.1.1.1"),
        ("10.0.0.1", [""], ["10.0.0.1"], "10.0.0.1"),
        (None, ["1.1.1.1"], ["10.0.0.1"], ""),
    ],
)
def test_whose_address_it_is(
    peer: str | None, forwarded_for: list[str], trusted: list[str], expected: str
) -> None:
    assert client_address(peer, forwarded_for, parse_networks(trusted)) == expected
