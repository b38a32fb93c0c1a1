"""Who lapses if nobody acts, and how compliance went month by month."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import event
from tests.kit.compliance import REPORT, linked, pursue
from tests.kit.plans import explained
from tests.kit.world import World

FORECAST, HISTORY = f"{REPORT}forecast/", f"{REPORT}history/"
HELPED = (
    "parallel_setup_cost",
    "parallel_tuple_cost",
    "min_parallel_table_scan_size",
    "min_parallel_index_scan_size",
)
"""At nothing, helpers cost nothing, and no table is too small for them."""


async def imported(world: World, *rows: tuple[str, str, str]) -> None:
    lines = ["user_id,course_id,completed_on", *(",".join(row) for row in rows)]
    files = {"file": ("rows.csv", "\n".join(lines))}
    await world.admin.ok("POST", "/api/imports/?kind=completions", files=files)
    await world.run_jobs()


async def test_who_lapses_and_what_is_under_way(world: World) -> None:
    short = await linked(world, recertification_cadence="P40D")
    for user in ("ana", "bob", "dan"):
        await pursue(world, user, short)
    long = await linked(world, recertification_cadence="P2Y")
    await pursue(world, "bob", long)
    await world.admin.ok("POST", f"/api/courses/{long['id']}/assign/", {"user_ids": ["dan"]})
    found = (await world.admin.ok("GET", FORECAST))["items"]
    assert [(one["user_id"], one["under_way"], one["requirement_id"]) for one in found] == [
        ("ana", False, "hazing"),
        ("dan", True, "hazing"),
    ]
    assert (found[0]["display_name"], found[0]["chapter_id"]) == ("Ana", "n1")
    report = await world.admin.ok("GET", REPORT)
    assert report["totals"]["expiring_60"] == 2, "the same members as the report counts"
    assert (await world.admin.ok("GET", f"{FORECAST}?days=30"))["items"] == []
    south = world.call_as("sam", "regional_admin:south")
    assert [one["user_id"] for one in (await south.ok("GET", FORECAST))["items"]] == ["dan"]
    assert (await south("GET", f"{FORECAST}?region_id=north")).status_code == 403
    north = await world.admin.ok("GET", f"{FORECAST}?region_id=north")
    assert [one["user_id"] for one in north["items"]] == ["ana"]
    assert (await world.admin.ok("GET", f"{FORECAST}?chapter_id=n2"))["items"] == []
    assert (await world.member()("GET", FORECAST)).status_code == 403


@pytest.mark.parametrize("path", [FORECAST, REPORT])
async def test_a_report_has_no_helpers_even_where_they_seem_worth_it(
    world: World, app: FastAPI, path: str
) -> None:
    """As beside many organizations, for whose rows helpers seem worth it."""
    await pursue(world, "ana", await linked(world))

    def help_out(_connection: object, cursor: Any, *_given: object) -> None:
        for name in HELPED:
            cursor.execute(f"SET LOCAL {name} = 0")

    engine = app.state.context.engine.sync_engine
    event.listen(engine, "before_cursor_execute", help_out)
    try:
        with explained(app.state.context) as done:
            await world.admin.ok("GET", path)
    finally:
        event.remove(engine, "before_cursor_execute", help_out)
    standing = [work for work in done if "must_meet" in work.statement]
    assert standing
    assert not [work.plan for work in standing if "Gather" in work.plan]


async def test_the_forecast_has_pages_and_a_file(world: World) -> None:
    course = await linked(world, recertification_cadence="P40D")
    for user in ("ana", "bob", "cyd"):
        await pursue(world, user, course)
    first = await world.admin.ok("GET", f"{FORECAST}?limit=2")
    rest = await world.admin.ok("GET", f"{FORECAST}?limit=2&cursor={first['next_cursor']}")
    assert [one["user_id"] for one in first["items"] + rest["items"]] == ["ana", "bob", "cyd"]
    assert rest["next_cursor"] is None
    answer = await world.admin("GET", f"{FORECAST}?limit=1", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["user_id"], row["under_way"]) for row in rows] == [
        ("ana", "false"),
        ("bob", "false"),
        ("cyd", "false"),
    ]


async def test_the_series_is_the_report_of_each_month(world: World) -> None:
    course = await linked(world, recertification_cadence="P1Y")
    await imported(world, ("ana", course["id"], "2025-01-31"), ("dan", course["id"], "2025-03-01"))
    path = f"{HISTORY}?from=2025-01-15&to=2025-03-10&step=month"
    items = (await world.admin.ok("GET", path))["items"]
    assert [one["at"][:10] for one in items] == ["2025-02-01", "2025-03-01", "2025-03-11"]
    assert [(one["members"], one["complete"]) for one in items] == [(1, 1), (1, 1), (2, 2)]
    for one in items:
        report = await world.admin.ok("GET", REPORT, params={"as_of": one["at"]})
        assert {"at": one["at"], **report["totals"]} == one
    south = (await world.admin.ok("GET", f"{path}&region_id=south"))["items"]
    assert [one["complete"] for one in south] == [0, 0, 1]
    answer = await world.admin("GET", path, headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["complete"] for row in rows] == ["1", "1", "2"]
    usual = (await world.admin.ok("GET", HISTORY))["items"]
    assert len(usual) == 12
    assert datetime.now(UTC) - datetime.fromisoformat(usual[-1]["at"]) < timedelta(minutes=1)


NO_SERIES: list[str] = [
    "from=2025-02-01&to=2025-01-01",
    "to=2999-01-01",
    "from=2019-01-01",
    "from=2025-13-01",
    "to=0001-01-05",
    "from=0001-01-01&to=0001-01-05",
    "step=day",
    "x=1",
]


async def test_a_series_of_no_past_months_is_refused(world: World) -> None:
    for query in NO_SERIES:
        assert (await world.admin("GET", f"{HISTORY}?{query}")).status_code == 422, query


NO_DAYS: list[str] = ["0", "3651", "-1", "1.5", "x", "", "99999999999999999999"]


async def test_days_are_a_number_of_days(world: World) -> None:
    for days in NO_DAYS:
        assert (await world.admin("GET", FORECAST, params={"days": days})).status_code == 422, days
