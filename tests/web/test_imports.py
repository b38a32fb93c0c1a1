"""Files in a browser: questions into a bank and a draft, rows for many members."""

from pathlib import Path

import pytest
from tests.kit.clerk import Clerk
from tests.kit.learner import lesson, tree
from tests.kit.world import World
from tests.web.conftest import DESK, PHONE, Stage

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(200),
    pytest.mark.parametrize("width", [PHONE, DESK]),
]
GIFT = """\
::Exits:: How many ways out has a room? {=two ~one}

::Wedges:: A wedge may hold a fire door open. {FALSE}

::Broken:: What is this? {=one ~two
"""


async def _signs_in(stage: Stage, width: int, path: str) -> Clerk:
    stage.offers("boss", "Margaret Okonkwo", "national_admin", role="administrator")
    person = stage.person(width)
    await person.opens(path)
    await person.chooses("M Margaret")
    return person


async def test_questions_of_a_file_come_into_a_bank_and_a_pool_draws_from_it(
    stage: Stage, world: World, tmp_path: Path, width: int
) -> None:
    course = await world.course(tree(lesson("Exits"), title="Fire safety"))
    file = tmp_path / "fire.gift"
    file.write_text(GIFT)
    author = await _signs_in(stage, width, "/app/author/banks")
    await author.sees("No question bank found")
    await author.looks_at_it("banks-empty")
    await author.chooses("New question bank")
    await author.fills("Title", "Fire")
    await author.chooses("Begin", "dialog button")
    await author.sees_heading("Fire")
    await author.chooses("Import questions")
    await author.hands_over("File with questions", file)
    await author.sees("2 questions can be taken. 1 is left out.")
    await author.looks_at_it("bank-import")
    [bank] = (await world.admin.ok("GET", "/api/question-banks/"))["items"]
    assert bank["question_count"] == 0
    await author.chooses("Take 2 questions")
    await author.sees("2 questions are there now.")
    await author.chooses("Close")
    await author.chooses("2. A wedge may hold")
    await author.fills("Tags", "doors, doors, law")
    await author.chooses("Save", "form button")
    await author.sees("True or false · doors · law")
    await author.fills("With the tag", "law")
    await author.waits_for("document.querySelectorAll('.question-list > li').length === 1", "not filtered")
    await author.looks_at_it("bank")
    await author.goes(f"/app/author/{course['id']}?at=/modules/0")
    await author.chooses("Add a quiz")
    await author.picks("Kind of question", "A pool to draw from")
    await author.chooses("Add a question")
    await author.picks("Drawn from", "Fire")
    await author.fills("Only questions with this tag", "law")
    await author.sees("1. Draw 1 from a question bank")
    await author.sees("All is saved")
    await author.looks_at_it("pool-of-bank")
    await author.chooses("Import questions")
    await author.hands_over("File with questions", file)
    await author.chooses("Take 2 questions")
    await author.sees("2 questions are there now.")
    await author.chooses("Close")
    await author.sees("3. A wedge may hold")
    await author.chooses("Check and publish")
    await author.chooses("Publish")
    await author.sees_heading("It is published")
    await author.goes(f"/app/author/banks/{bank['id']}")
    await author.sees_heading("Fire")
    await author.chooses("Delete", ".author-bar button")
    await author.chooses("Delete", "dialog button")
    await author.sees_heading("Question banks")
    assert (await world.admin.ok("GET", "/api/question-banks/"))["items"] == []
    assert not author.faults, "\n".join(author.faults)


async def test_rows_of_a_file_are_judged_before_they_are_written(
    stage: Stage, world: World, tmp_path: Path, width: int
) -> None:
    course = await world.course(tree(lesson("Exits"), title="Fire safety"))
    await world.add_member("ana")
    rows, wrong = tmp_path / "rows.csv", tmp_path / "wrong.csv"
    header = "user_id,course_id,due_at\n"
    due = "2031-01-01T00:00:00Z"
    rows.write_text(f"{header}ana,{course['id']},{due}\nghost,{course['id']},{due}\nana,none,{due}\n")
    wrong.write_text("user,course\nana,1\n")
    admin = await _signs_in(stage, width, "/app/administer/imports")
    await admin.hands_over("CSV file", wrong)
    await admin.sees("lacks the column user_id")
    assert "422" in admin.tab.errors.pop()
    await admin.looks_at_it("imports-wrong")
    await admin.hands_over("CSV file", rows)
    await admin.sees("1 of 3 rows can be done, 2 cannot. Nothing is written yet.")
    await admin.sees("There is no such member")
    await admin.looks_at_it("imports")
    assert (await world.member("ana").ok("GET", "/api/users/enrollments/"))["items"] == []
    await admin.chooses("Do 1 row")
    await admin.sees("1 of 3 rows are taken, 2 are left out.")
    [enrollment] = (await world.member("ana").ok("GET", "/api/users/enrollments/"))["items"]
    assert enrollment["due_at"] == due
    assert not admin.faults, "\n".join(admin.faults)
