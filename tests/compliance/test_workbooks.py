"""Reports and lists as workbooks of Excel: the same rows as in JSON, times as times, and texts that stay texts."""

import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from tests.kit.compliance import REPORT, linked, pursue
from tests.kit.direct import Database, database
from tests.kit.workbooks import XLSX, rows_of, sheet_of, workbook
from tests.kit.world import World

from learning_service.adapters.packed_rows import packed_rows
from learning_service.adapters.spreadsheets import LONGEST, write_workbook
from learning_service.api.accept import preferred_file
from learning_service.routers import enrollments as routed

__all__ = ["database"]
NAMED = "UPDATE members SET display_name = $3 WHERE organization_id = $1 AND user_id = $2"
ENROLLMENTS = "/api/enrollments/"
FORMULA = '=HYPERLINK("https://x.example","Click")'


def _as_cells(item: dict[str, Any], times: tuple[str, ...]) -> dict[str, Any]:
    """An item of a list as a workbook has it."""
    shown = dict(item)
    for name in times:
        if shown[name] is not None:
            shown[name] = (
                datetime.fromisoformat(shown[name]).astimezone(UTC).replace(tzinfo=None, microsecond=0)
            )
    return shown


def _whole(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without fractions of seconds, which a cell rounds."""
    return [
        {k: v.replace(microsecond=0) if isinstance(v, datetime) else v for k, v in row.items()}
        for row in rows
    ]


async def test_reports_are_workbooks_too(world: World, database: Database) -> None:
    course = await linked(world, recertification_cadence="P30D")
    for user in ("ana", "bob"):
        await pursue(world, user, course)
    await database(NAMED, world.id, "ana", FORMULA)
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    for path in (REPORT, f"{REPORT}?as_of={now}"):
        assert await workbook(world.admin, path) == (await world.admin.ok("GET", path))["items"]
    forecast = f"{REPORT}forecast/?days=90"
    items = (await world.admin.ok("GET", forecast))["items"]
    assert items[0]["display_name"] == FORMULA
    assert _whole(await workbook(world.admin, forecast)) == [_as_cells(one, ("expires_at",)) for one in items]
    history = f"{REPORT}history/?from=2026-01-01&to=2026-03-01"
    items = (await world.admin.ok("GET", history))["items"]
    assert _whole(await workbook(world.admin, history)) == [_as_cells(one, ("at",)) for one in items]


async def test_the_list_of_enrollments_is_a_workbook_too(
    world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = await linked(world)
    users = ["ana", "bob", "cyd"]
    await world.admin.ok("POST", f"/api/courses/{course['id']}/assign/", {"user_ids": users})
    await database(NAMED, world.id, "bob", FORMULA)
    monkeypatch.setattr(routed, "LINES_AT_ONCE", 2)
    listed = (await world.admin.ok("GET", ENROLLMENTS))["items"]
    times = ("assigned_at", "due_at", "completed_at")
    expected = [_as_cells(one, times) for one in listed]
    assert _whole(await workbook(world.admin, f"{ENROLLMENTS}?limit=1")) == expected
    assert len(await workbook(world.call_as("c", "chapter_admin:s1"), ENROLLMENTS)) < 3
    answer = await world.admin("GET", ENROLLMENTS, headers={"Accept": XLSX})
    [cell] = [cell for row in sheet_of(answer.content).iter_rows() for cell in row if cell.value == FORMULA]
    assert (cell.data_type, cell.quotePrefix) == ("s", 1)
    refused = await world.member("ana")("GET", ENROLLMENTS, headers={"Accept": XLSX})
    assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")


def _made(folder: Path, columns: tuple[str, ...], rows: list[list[Any]], **most: int) -> Path:
    packed, made = folder / "rows", folder / "made.xlsx"
    packed.write_bytes(packed_rows(rows))
    write_workbook(str(packed), str(made), "things", columns, **most)
    return made


def test_cells_are_what_they_were(tmp_path: Path) -> None:
    at = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    rows: list[list[Any]] = [
        ["a", 1, 1.5, True, at, None],
        ["=1+1", -2, 0, False, at, "@x"],
        ["https://x.example", 3, 0, False, at, "007"],
        ["x\x01y\x0b_x0041_\n\U0001f642", 3, 0, False, at, "y" * 40_000],
    ]
    sheet = sheet_of(_made(tmp_path, tuple("abcdef"), rows).read_bytes())
    read = [list(row) for row in sheet.iter_rows(min_row=2, values_only=True)]
    for row in rows:
        row[4] = at.replace(tzinfo=None)
    rows[3][5] = "y" * LONGEST
    assert read[:3] == rows[:3]
    assert read[3][5] == rows[3][5]
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:F5"


@pytest.mark.parametrize("count", [0, 2, 3, 7])
def test_what_is_longer_than_a_sheet_goes_on_in_another(tmp_path: Path, count: int) -> None:
    made = _made(tmp_path, ("n",), [[n] for n in range(count)], most_rows=4)
    book = openpyxl.load_workbook(made)
    read = [row["n"] for sheet in book.worksheets for row in rows_of(sheet)]
    assert read == list(range(count))
    assert len(book.worksheets) == count // 3 + 1


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/csv", "text/csv"),
        (XLSX, XLSX),
        (f"text/csv;q=0.5, {XLSX}", XLSX),
        (f"{XLSX};q=0.5, text/csv", "text/csv"),
        (f"{XLSX}, text/csv", "text/csv"),
        (f"{XLSX};q=0.5, application/json", None),
        (f"{XLSX};q=0", None),
        ("*/*", None),
        ("", None),
    ],
)
def test_which_kind_of_file_is_wanted(accept: str, kind: str | None) -> None:
    assert preferred_file(accept, ("text/csv", XLSX)) == kind


@pytest.mark.long
def test_memory_stays_flat(tmp_path: Path) -> None:
    peaks = []
    for count in (2_000, 40_000):
        packed, made = tmp_path / "rows", tmp_path / "made.xlsx"
        with packed.open("wb") as file:
            for first in range(0, count, 1_000):
                file.write(packed_rows([[f"Name {first + n}", n, True] for n in range(1_000)]))
        tracemalloc.start()
        write_workbook(str(packed), str(made), "things", ("name", "number", "is"))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5
