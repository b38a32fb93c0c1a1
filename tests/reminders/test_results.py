"""Mails of what a person graded, and of certificates that are ready."""

from email.message import EmailMessage

from tests.kit.earned import earn
from tests.kit.grading import grade, waiting
from tests.kit.mails import parts_of
from tests.kit.quiz_taker import essay, quiz, quiz_taker, tree
from tests.kit.world import choice
from tests.reminders.post import Post

SITE = "https://learn.example.org"


def about(post: Post, subject: str) -> list[EmailMessage]:
    return [mail for mail in post.inbox.messages if mail["Subject"].startswith(subject)]


async def test_a_result_that_a_person_graded_is_told_once(post: Post) -> None:
    world = post.world
    await world.admin.ok("PATCH", "/api/organization/", {"frontend_url": SITE})
    await world.add_member("ana", email=f"ana@{post.inbox.domain}", locale="es-MX")
    content = tree(quiz(essay(points=10), pass_score=60, max_attempts=1, title="Why {quiz}"))
    ana = await quiz_taker(world, content)
    await ana.answer({"text": "Because it harms."})
    await world.run_jobs()
    assert about(post, "Su resultado") == [], "not before it is graded"
    path = await waiting(world)
    await grade(world.admin, path, 8.55)
    await world.run_jobs()
    [mail] = about(post, "Su resultado")
    assert mail["Subject"] == "Su resultado: Why {quiz}"
    said, _ = parts_of(mail)
    assert "Tiene 85.5 % y ha aprobado." in said.replace("\N{NO-BREAK SPACE}", " ").replace("85.5%", "85.5 %")
    assert f"{SITE}/enrollments/{ana.enrollment_id}" in said
    assert mail["List-Unsubscribe-Post"]
    await grade(world.admin, path, 2)
    await world.run_jobs()
    assert len(about(post, "Su resultado")) == 1


async def test_what_no_person_graded_is_not_told(post: Post) -> None:
    ana = await quiz_taker(post.world, tree(quiz(choice(points=6))))
    await ana.answer({"texts": ["right"]})
    await post.world.run_jobs()
    assert about(post, "Your result") == []


async def test_a_certificate_is_told_when_it_is_ready(post: Post) -> None:
    world = post.world
    await world.admin.ok("PATCH", "/api/organization/", {"frontend_url": SITE})
    earned = await earn(world)
    await world.run_jobs()
    [mail] = about(post, "Your certificate")
    assert mail["Subject"] == "Your certificate: Hazing prevention"
    said, _ = parts_of(mail)
    assert f"{SITE}/certificates/{earned.id}" in said
    assert "It is valid until " in said
    assert (await earned.reissue()).status_code == 201
    await world.run_jobs()
    assert len(about(post, "Your certificate")) == 1, "whoever reissues it tells its owner why"


async def test_who_wants_no_results_gets_none(post: Post) -> None:
    await post.world.member().ok("PATCH", "/api/users/preferences/", {"mail": {"results": False}})
    await earn(post.world)
    await post.world.run_jobs()
    assert about(post, "Your certificate") == []
