"""A file of more rows than are done at once, in a browser: what is under way is told until it is done."""

from pathlib import Path

import pytest
from tests.kit.learner import lesson, tree
from tests.kit.world import World
from tests.web.conftest import DESK, Stage

ROWS = 1_001
CHUNK = 500


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_more_than_a_thousand_rows_are_done_while_one_looks(
    stage: Stage, world: World, tmp_path: Path
) -> None:
    course = await world.course(tree(lesson("Exits"), title="Fire safety"))
    users = [f"u{n}" for n in range(ROWS)]
    facts = {"chapter_id": "n1", "status": "active", "custom_fields": {}}
    members = [
        {"user_id": user, "display_name": user, "email": f"{user}@example.org", **facts} for user in users
    ]
    for at in range(0, ROWS, CHUNK):
        await world.directory.ok(
            "POST", "/api/directory/members/batch/", {"members": members[at : at + CHUNK]}
        )
    file = tmp_path / "rows.csv"
    lines = [f"{user},{course['id']},2031-01-01T00:00:00Z" for user in users]
    file.write_text("\n".join(["user_id,course_id,due_at", *lines]))
    stage.offers("boss", "Margaret Okonkwo", "national_admin", role="administrator")
    admin = stage.person(DESK)
    await admin.opens("/app/administer/imports")
    await admin.chooses("M Margaret")
    await admin.hands_over("CSV file", file)
    await admin.sees("1,001 of 1,001 rows can be done")
    await admin.chooses("Do 1,001 rows")
    await admin.waits_for("document.querySelector('progress')", "no progress is shown")
    await admin.looks_at_it("imports-under-way")
    await world.run_jobs()
    await admin.waits_for(f"document.querySelector('progress')?.value === {ROWS}", "the end is not told")
    await admin.looks_at_it("imports-done")
    path = f"/api/enrollments/?course_id={course['id']}&count=true&limit=1"
    assert (await world.admin.ok("GET", path))["total"] == ROWS
    assert not admin.faults, "\n".join(admin.faults)
