"""The hot paths, counted: statements of their own, warm, beside the one that opens the transaction."""

from fastapi import FastAPI
from tests.kit.query_counts import counted
from tests.kit.world import World, choice, right, small_tree


async def test_verify_is_one_statement(app: FastAPI, world: World) -> None:
    tree = small_tree(assessment=None, modules=[{"title": "M", "items": [{"kind": "lesson", "title": "L"}]}])
    course = await world.course(tree)
    ana = world.member()
    await ana.ok("POST", f"/api/courses/{course['id']}/enroll/")
    shown = await ana.ok("GET", f"/api/courses/{course['id']}/modules/")
    await ana.ok("POST", f"/api/lessons/{shown['items'][0]['items'][0]['id']}/complete/")
    [certificate] = (await ana.ok("GET", "/api/users/certificates/"))["items"]
    path = f"/api/certificates/{certificate['id']}/verify/"
    await world.http.get(path)
    with counted(app) as statements:
        assert (await world.http.get(path)).status_code == 200
    assert len(statements) <= 1, statements
    with counted(app) as statements:
        assert (await world.http.get(path.removeprefix("/api"))).status_code == 200
    # The page also shows the issuer's looks and what the credential says.
    assert len(statements) <= 3, statements


async def test_modules_are_two_statements(app: FastAPI, world: World) -> None:
    course = await world.course()
    ana = world.member()
    await ana.ok("POST", f"/api/courses/{course['id']}/enroll/")
    path = f"/api/courses/{course['id']}/modules/"
    await ana.ok("GET", path)
    with counted(app) as statements:
        await ana.ok("GET", path)
    assert 1 <= len(statements) <= 2, statements


async def test_a_submission_that_completes_nothing_is_two_statements(app: FastAPI, world: World) -> None:
    quiz = {"kind": "quiz", "title": "Q", "questions": [choice(f"q{n}") for n in range(20)]}
    lesson = {"kind": "lesson", "title": "L"}
    course = await world.course(
        small_tree(assessment=None, modules=[{"title": "M", "items": [lesson, quiz]}])
    )
    ana = world.member()
    await ana.ok("POST", f"/api/courses/{course['id']}/enroll/")
    shown = await ana.ok("GET", f"/api/courses/{course['id']}/modules/")
    quiz_id = shown["items"][0]["items"][1]["id"]
    questions = (await ana.ok("GET", f"/api/quizzes/{quiz_id}/"))["questions"]
    body = {"responses": [right(question, {"texts": ["right"]}) for question in questions]}
    await ana.ok("POST", f"/api/quizzes/{quiz_id}/submit/", {"responses": []})
    with counted(app) as statements:
        result = await ana.ok("POST", f"/api/quizzes/{quiz_id}/submit/", body)
    assert result["score"] == 100
    assert result["enrollment"]["status"] == "in_progress"
    assert 1 <= len(statements) <= 2, statements


async def test_the_course_list_does_not_grow_with_its_courses(app: FastAPI, world: World) -> None:
    ana = world.member()
    await world.course()
    with counted(app) as one:
        await ana.ok("GET", "/api/courses/")
    for _ in range(3):
        await world.course()
    with counted(app) as four:
        assert len((await ana.ok("GET", "/api/courses/"))["items"]) == 4
    assert len(one) == len(four) == 2, four
    with counted(app) as kept:
        assert len((await ana.ok("GET", "/api/courses/"))["items"]) == 4
    assert len(kept) == 1, kept
