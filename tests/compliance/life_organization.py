"""The organization of random lives that are compared with the model: four courses, and the calls of each step."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine
from tests.compliance.life import NEVER, Course, Field, Life, Person, Step
from tests.kit.direct import Database
from tests.kit.learner import quiz, tree
from tests.kit.programs import published
from tests.kit.world import Json, World

MEMBERS = {"ana": "n1", "bob": "n1", "cyd": "n2", "dan": "s1"}
COURSES = {
    "yearly": Course("hazing", yearly=True),
    "once": Course("hazing", yearly=False),
    "moving": Course("aid", yearly=True),
    "essay": Course("aid", yearly=False),
}
PROGRAM = "officers"
STEPS = (Step(frozenset({"once"}), 1), Step(frozenset({"yearly", "moving"}), 1))
"""One after the other; of the second, either course is enough."""
ACTIVE, AID_YEAR = ("active", "pledge"), 1
ESSAY = {"type": "short_answer", "prompt_html": "<p>Why?</p>", "points": 1, "review": "manual"}
DAYS_AGO = (800, 420, 380, 350, 340, 200, 40, 3)
"""Before and after a year, and within the window before it ends."""
REASON = {"reason": "So it was decided"}
users, courses = st.sampled_from(sorted(MEMBERS)), st.sampled_from(sorted(COURSES))
requirements, days_ago = st.sampled_from(["aid", "hazing"]), st.sampled_from(DAYS_AGO)


def text_of(at: datetime) -> str:
    """The instant as the service writes it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Organization(RuleBasedStateMachine):
    """Its members, of whom nothing was told, beside the model of the same; each instant before and after a step."""

    first: ClassVar[World]
    database: ClassVar[Database]
    loop: ClassVar[asyncio.AbstractEventLoop]
    walks: ClassVar[list[int]]

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.first.http, self.first.signer, self.first.worker)
        known = COURSES | {PROGRAM: Course("leading", yearly=True)}
        self.life = Life(known, ACTIVE, {"hazing": None, "aid": AID_YEAR, "leading": None})
        self.ids: dict[str, str] = {}
        self.instants: list[datetime] = []
        self.moved = False
        self.wait(self.begin())

    async def begin(self) -> None:
        """Members of whom nothing was told, and courses of one question and one try."""
        await self.world.found()
        for name in ("aid", "leading"):
            path = f"/api/directory/compliance-requirements/{name}/"
            await self.world.directory.ok(
                "PUT", path, {"organization_id": self.world.id, "name": name.title()}
            )
        audience = {"audience_filter": {"custom_fields": {"year": AID_YEAR}}}
        await self.world.admin.ok("PATCH", "/api/compliance-requirements/aid/", audience)
        await self.world.admin.ok("PATCH", "/api/organization/", {"active_statuses": list(ACTIVE)})
        await self.world.directory("DELETE", "/api/directory/members/eve/")
        for name, course in COURSES.items():
            made = quiz(max_attempts=1) | ({"questions": [ESSAY]} if name == "essay" else {})
            policy: Json = {"recertification_cadence": "P1Y"} if course.yearly else {}
            known = await self.world.course(
                tree(made), linked_compliance_requirement=course.requirement, **policy
            )
            self.ids[name] = known["id"]
        steps: list[Json] = [
            {"courses": [self.ids[name] for name in sorted(step.courses)], "need": step.need}
            for step in STEPS
        ]
        policy = {
            "ordered": True,
            "linked_compliance_requirement": "leading",
            "recertification_cadence": "P1Y",
        }
        self.ids[PROGRAM] = await published(self.world, *steps, **policy)
        now = await self.now()
        for user, chapter in MEMBERS.items():
            member = Person(user, now, Field(chapter, chapter), Field("active", "active"), Field(None, None))
            self.life.people.append(member)
        # They were founded before this instant, so nothing is asked of the time of their founding.
        self.instants.append(now)

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do the work in the loop of the test."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    async def now(self) -> datetime:
        """The database's clock, for all times are its."""
        found: datetime = await self.database.value("SELECT clock_timestamp()")
        return found

    def step(self, work: Coroutine[Any, Any, Any]) -> tuple[datetime, Any]:
        """Do one thing; the instant after it, and what it answered. The instants around it are asked for later."""
        self.instants.append(self.wait(self.now()))
        answer = self.wait(work)
        self.instants.append(self.wait(self.now()))
        return self.instants[-1], answer

    def admin(self, method: str, path: str, body: Any = None) -> Coroutine[Any, Any, Any]:
        """A call that must succeed."""
        return self.world.admin.ok(method, path, body)

    async def enrollments(self, user: str, course: str) -> dict[str, str]:
        """The status of each, as an administrator sees it."""
        path = f"/api/enrollments/?user_id={user}&course_id={self.ids[course]}&limit=200"
        return {one["id"]: one["status"] for one in (await self.world.admin.ok("GET", path))["items"]}

    def who(self, user: str, has: Callable[[Person], object]) -> Person | None:
        """That member, if so, or the first of whom it is: steps that change nothing find nothing."""
        living = [one for one in self.life.people if one.erased == NEVER and has(one)]
        return min(living, key=lambda one: one.user != user, default=None)
