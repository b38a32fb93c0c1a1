"""A member's reads of what is theirs, and of requirements and programs: none opens a transaction of the engine."""

from tests.kit.earned import earn
from tests.kit.evidence import send_in
from tests.kit.kept_reads import opened
from tests.kit.programs import PROGRAMS, published
from tests.kit.world import World

__all__ = ["opened"]
OWN = (
    "/api/users/skills/",
    "/api/users/preferences/",
    "/api/users/certificates/",
    "/api/users/transcript/",
    "/api/users/evidence/?status=pending",
    "/api/users/programs/",
    "/api/users/notifications/?unread=true",
)


async def test_no_read_of_a_member_opens_a_transaction(world: World, opened: list[object]) -> None:
    earned = await earn(world, mastered_skills=[{"skill_id": "law", "name": "Law"}])
    await send_in(world)
    program = await published(world, {"courses": [earned.course["id"]], "need": "all"})
    path = f"{PROGRAMS}{program}/"
    ana = world.member()
    await ana.ok("POST", f"{path}enroll/")
    opened.clear()
    for asked in OWN:
        read = await ana.ok("GET", asked)
        assert "items" not in read or read["items"], asked
        assert not opened, asked
    for who in (ana, world.admin, world.call_as("reg", "regional_admin:north", "chapter_admin:n1")):
        for asked in ("/api/compliance-requirements/?limit=1", PROGRAMS):
            assert (await who.ok("GET", asked))["items"], asked
            assert not opened, asked
    for asked in ("/api/compliance-requirements/hazing/", path):
        await ana.ok("GET", asked)
        assert not opened, asked
    for asked in OWN:
        assert not (await world.member("bob").ok("GET", asked)).get("items"), f"ana's, told to bob by {asked}"
