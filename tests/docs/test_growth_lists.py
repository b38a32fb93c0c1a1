"""A list whose calls are badly answered once is measured all the same, and its row says so."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from benchmarks import growth_lists
from benchmarks.growth_lists import list_rows
from benchmarks.stage import BadAnswers, Cost, Stage


class Rounds:
    """Of a stage what lists need; some rounds are badly answered."""

    def __init__(self, *bad: int) -> None:
        self.bad = bad
        self.asked = 0

    def requests_file(self, name: str, _requests: list[str]) -> str:
        return name

    def round(self, _server: object, _file: str, _seconds: float, _connections: int) -> Cost:
        self.asked += 1
        if self.asked in self.bad:
            raise BadAnswers("503")
        return Cost(50, 50, 1, 1)


@pytest.fixture
def houses(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    monkeypatch.setattr(growth_lists, "lists", lambda: ["/api/courses/", "/api/events/"])
    monkeypatch.setattr(growth_lists, "_who_may", lambda *_: "token")
    return [SimpleNamespace(database=name, server=None) for name in ("few", "many")]


def test_a_bad_answer_costs_a_round_and_no_row(houses: list[Any]) -> None:
    rows = list(list_rows(cast(Stage, Rounds(3)), houses, [{}, {}], of="growth"))
    assert [row.remark for row in rows] == ["rounds once more: 1", ""]
    assert all(row.result.ratio == 1 for row in rows)


def test_what_is_badly_answered_twice_ends_the_run(houses: list[Any]) -> None:
    with pytest.raises(SystemExit, match="503"):
        list(list_rows(cast(Stage, Rounds(3, 4)), houses, [{}, {}], of="growth"))
