"""Reads of courses, of banks and of regrades: none of them opens a transaction of the engine."""

from tests.kit.kept_reads import opened
from tests.kit.quiz_taker import quiz, tree
from tests.kit.regrades import preview, questions_of, swapped
from tests.kit.world import World, choice

__all__ = ["opened"]
BANKS = "/api/question-banks/"


async def test_no_read_of_an_author_opens_a_transaction(world: World, opened: list[object]) -> None:
    first = await world.course(tree(quiz(choice())))
    course = await world.course(tree(quiz(choice())), prerequisites=[first["id"]])
    bank = await world.admin.ok("POST", BANKS, {"title": "Law", "scope": "national"})
    await world.admin.ok("POST", f"{BANKS}{bank['id']}/questions/", {**choice(), "tags": ["a"]})
    [question] = await questions_of(world, course)
    regrade = await preview(world, course, swapped(question))
    path, own = f"/api/courses/{course['id']}/", f"{BANKS}{bank['id']}/"
    opened.clear()
    for asked in (
        path,
        f"{path}versions/",
        f"{path}versions/1/",
        f"{path}versions/1/diff/?against=1",
        f"{path}draft/",
        f"{path}graders/",
        f"{BANKS}?q=law",
        own,
        f"{own}questions/?q=which&tag=a&type=multiple_choice&limit=1",
        f"/api/regrades/{regrade['id']}/",
    ):
        await world.admin.ok("GET", asked)
        assert not opened, asked
    for asked in (f"{path}versions/1/export/?format=gift", f"{own}export/?format=gift"):
        assert (await world.admin("GET", asked)).status_code == 200
        assert not opened, asked


async def test_no_read_of_categories_opens_a_transaction(world: World, opened: list[object]) -> None:
    await world.course(category="Safety")
    places = ("regional_admin:north", "chapter_admin:n1")
    for who in (world.admin, world.member(), world.call_as("reg", *places)):
        read = await who.ok("GET", "/api/courses/categories/?limit=1")
        assert read["items"] == [{"category": "Safety", "courses": 1}]
        assert not opened
