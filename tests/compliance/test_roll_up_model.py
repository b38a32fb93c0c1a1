"""The roll-up after transfers, changes of status, erasures and closures equals a count by hand."""

import asyncio
import uuid
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from tests.compliance.oracle import STATUSES, History, Person, Requirement, Taken
from tests.kit.direct import Database, database
from tests.kit.learner import Learner, quiz, tree
from tests.kit.world import Json, World

__all__ = ["database"]
USERS = {"ana": "n1", "bob": "n1", "cyd": "n2", "dan": "s1", "eve": "s2"}
COURSES = {"first": "hazing", "second": "hazing", "third": "aid"}
users, courses = st.sampled_from(sorted(USERS)), st.sampled_from(sorted(COURSES))
requirements = st.sampled_from(["hazing", "aid"])
chapters = st.sampled_from(["n1", "n2", "s1", "s2", "x1"])
words = st.sampled_from(["active", "pledge", "alumna"])
years = st.integers(1, 2)
audiences = st.one_of(
    st.none(),
    st.fixed_dictionaries({}, optional={
        "chapters": st.lists(st.sampled_from(["n1", "n2", "s1", "s2"]), min_size=1, max_size=3, unique=True),
        "regions": st.lists(st.sampled_from(["north", "south"]), min_size=1, max_size=2, unique=True),
        "status": st.lists(words, min_size=1, max_size=2, unique=True),
        "custom_fields": st.fixed_dictionaries({"year": years}),
    }),
)  # fmt: skip
LAPSE = """UPDATE {} SET expires_at = now() - interval '1 day' WHERE organization_id = $1 AND user_id = $2"""
DUE = {
    late: f"""UPDATE enrollments SET due_at = now() {sign} interval '1 hour' WHERE organization_id = $1
        AND user_id = $2 AND course_id = $3 AND status IN ('assigned', 'in_progress')"""
    for late, sign in ((True, "-"), (False, "+"))
}
VOIDED = "UPDATE course_completions SET renewal_opened_at = now() WHERE organization_id = $1"


def _counted(report: Json) -> dict[str, Json]:
    """The rows with members; a chapter has the name of now."""
    return {row["chapter_id"]: {**row, "chapter_name": ""} for row in report["items"] if row["members"]}


class Walk(RuleBasedStateMachine):
    """One organization."""

    first: ClassVar[World]
    database: ClassVar[Database]
    loop: ClassVar[asyncio.AbstractEventLoop]
    steps: ClassVar[list[str]]

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.first.http, self.first.signer, self.first.worker)
        self.history = History(
            {user: Person(chapter) for user, chapter in USERS.items()},
            {"hazing": Requirement(), "aid": Requirement()},
            dict(COURSES),
            {"n1", "n2", "s1", "s2"},
        )
        self.ids: dict[str, str] = {}
        self.seen: list[tuple[str, Json]] = []
        self.wait(self.begin())

    async def begin(self) -> None:
        """The organization with its courses, each one question and one try."""
        await self.world.found()
        await self.put_requirement("aid")
        for name, requirement in COURSES.items():
            made = await self.world.course(
                tree(quiz(max_attempts=1)),
                linked_compliance_requirement=requirement,
                recertification_cadence="P1Y",
            )
            self.ids[name] = made["id"]

    async def put_requirement(self, name: str) -> None:
        path = f"/api/directory/compliance-requirements/{name}/"
        await self.world.directory.ok("PUT", path, {"organization_id": self.world.id, "name": name})

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do the work in the loop of the test."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def person(self, user: str) -> Person | None:
        return self.history.people.get(user)

    def open_in(self, user: str, course: str) -> Taken | None:
        person = self.person(user)
        return None if person is None else person.open_in(course)

    @rule(user=users, chapter=chapters, status=words, year=st.none() | years)
    def put_member(self, user: str, chapter: str, status: str, year: int | None) -> None:
        """A transfer, a change of status, or a new member with an id that was erased."""
        if chapter not in self.history.chapters:
            return
        person = self.history.people.setdefault(user, Person(chapter))
        person.chapter, person.status, person.year = chapter, status, year
        fields = {} if year is None else {"year": year}
        self.wait(self.world.add_member(user, chapter, status=status, custom_fields=fields))

    @rule(user=users, chapter=st.none() | chapters, status=words, year=st.none() | years)
    def leave_or_return(self, user: str, chapter: str | None, status: str, year: int | None) -> None:
        """An event of this moment: later than all before it."""
        person = self.person(user)
        if person is None or not (chapter is None or chapter in self.history.chapters):
            return
        person.chapter, person.status = chapter or person.chapter, status
        person.year = person.year if year is None else year
        said = {"chapter_id": chapter, "custom_fields": None if year is None else {"year": year}}
        event = {
            "specversion": "1.0",
            "type": "membership.status_changed",
            "id": uuid.uuid4().hex,
            "source": "/membership",
            "time": datetime.now(UTC).isoformat(),
            "subject": user,
            "data": {"status": status} | {name: value for name, value in said.items() if value is not None},
        }
        told = self.wait(self.world.directory.ok("POST", "/api/directory/events/", event))
        assert told["accepted"] == 1

    @rule(user=users)
    def erase(self, user: str) -> None:
        if self.history.people.pop(user, None) is not None:
            self.wait(self.world.directory("DELETE", f"/api/directory/members/{user}/"))

    @rule(user=users, subject=requirements | courses)
    def exempt(self, user: str, subject: str) -> None:
        """From a requirement or a course; a requirement that was retired is none."""
        person, requirement = self.person(user), self.history.requirements.get(subject)
        if person is None or (requirement is not None and requirement.retired):
            return
        named = {"course_id": self.ids[subject]} if requirement is None else {"requirement_id": subject}
        body = {"user_id": user, "reason": "A doctor", **named}
        self.wait(self.world.admin.ok("POST", "/api/exemptions/", body))
        person.exempt_from.add(subject)

    @rule(user=users, how=st.sampled_from(["take back", "run out"]))
    def end_exemptions(self, user: str, how: str) -> None:
        person = self.person(user)
        if person is None:
            return
        person.exempt_from.clear()
        self.wait(self._run_out(user) if how == "run out" else self._take_back(user))

    async def _take_back(self, user: str) -> None:
        found = await self.world.admin.ok("GET", f"/api/exemptions/?user_id={user}&in_force=true&limit=200")
        for one in found["items"]:
            await self.world.admin.ok("DELETE", f"/api/exemptions/{one['id']}/")

    async def _run_out(self, user: str) -> None:
        await self.database(LAPSE.format("exemptions"), self.world.id, user)
        # By hand: the service never changes until when one holds, and keeps no past of it.
        self.seen.clear()

    @rule(user=users, course=courses)
    def assign(self, user: str, course: str) -> None:
        person = self.person(user)
        if person is None:
            return
        path = f"/api/courses/{self.ids[course]}/assign/"
        told = self.wait(self.world.admin.ok("POST", path, {"user_ids": [user]}))
        done = any(one.counts for one in person.in_course(course))
        exempt = bool({course, self.history.links[course]} & person.exempt_from)
        assert told["assigned"] == (person.open_in(course) is None and not done and not exempt)
        if told["assigned"]:
            person.taken.append(Taken(course))

    @rule(user=users, course=courses, late=st.booleans())
    def move_due_time(self, user: str, course: str, late: bool) -> None:
        """Overdue or not: what counts for a while must count for it later, too."""
        if self.open_in(user, course) is not None:
            self.wait(self.database(DUE[late], self.world.id, user, uuid.UUID(self.ids[course])))

    @rule(user=users, course=courses, passes=st.booleans())
    def take(self, user: str, course: str, passes: bool) -> None:
        taken = self.open_in(user, course)
        if taken is None:
            return
        self.wait(self._submit(user, course, passes))
        taken.state = "completed" if passes else "failed"
        taken.requirement = self.history.links[course]

    async def _submit(self, user: str, course: str, passes: bool) -> None:
        learner = await Learner.join(self.world.member(user), self.ids[course], enroll=False)
        await learner.submit(correct=int(passes))

    @rule(user=users, course=courses)
    def withdraw(self, user: str, course: str) -> None:
        taken = self.open_in(user, course)
        if taken is not None:
            self.wait(self._withdraw(user, course))
            taken.state = "withdrawn"

    async def _withdraw(self, user: str, course: str) -> None:
        listed = await self.world.admin.ok(
            "GET", f"/api/enrollments/?user_id={user}&course_id={self.ids[course]}"
        )
        [found] = [e for e in listed["items"] if e["status"] in ("assigned", "in_progress")]
        path = f"/api/enrollments/{found['id']}/withdraw/"
        await self.world.admin.ok("POST", path, {"reason": "Left"})

    @rule(user=users)
    def lapse(self, user: str) -> None:
        """A year and more goes by for what this member has completed."""
        for taken in self.history.people[user].taken if user in self.history.people else ():
            taken.lapsed = taken.lapsed or taken.state == "completed"
        self.wait(self._lapse(user))

    async def _lapse(self, user: str) -> None:
        for table in ("course_completions", "chapter_compliance_statuses"):
            await self.database(LAPSE.format(table), self.world.id, user)
        await self.database(VOIDED, self.world.id)

    @rule(user=users)
    def revoke(self, user: str) -> None:
        """All certificates of the member that are not revoked yet."""
        for taken in self.history.people[user].taken if user in self.history.people else ():
            taken.revoked = taken.revoked or taken.state == "completed"
        self.wait(self._revoke(user))

    async def _revoke(self, user: str) -> None:
        listed = await self.world.admin.ok("GET", f"/api/certificates/?user_id={user}")
        for certificate in listed["items"]:
            if certificate["status"] in ("valid", "expired"):
                path = f"/api/certificates/{certificate['id']}/revoke/"
                await self.world.admin.ok("POST", path, {"reason": "Granted by mistake"})

    @rule(requirement=requirements, audience=audiences)
    def say_audience(self, requirement: str, audience: Json | None) -> None:
        if audience and not set(audience.get("chapters", ())) <= self.history.chapters:
            return
        self.history.requirements[requirement].audience = audience
        path = f"/api/compliance-requirements/{requirement}/"
        self.wait(self.world.admin.ok("PATCH", path, {"audience_filter": audience}))

    @rule(words=st.none() | st.lists(words, min_size=1, max_size=2, unique=True))
    def say_active(self, words: list[str] | None) -> None:
        self.history.active = words
        self.wait(self.world.admin.ok("PATCH", "/api/organization/", {"active_statuses": words}))

    @rule(requirement=requirements, retired=st.booleans())
    def retire_or_open(self, requirement: str, retired: bool) -> None:
        said = self.history.requirements[requirement]
        if retired and not said.retired:
            path = f"/api/directory/compliance-requirements/{requirement}/"
            self.wait(self.world.directory("DELETE", path))
            linked = [course for course, to in self.history.links.items() if to == requirement]
            self.history.links |= dict.fromkeys(linked, None)
        elif not retired:
            self.wait(self.put_requirement(requirement))
            if said.retired:
                self.history.links |= {c: to for c, to in COURSES.items() if to == requirement}
        said.retired = retired

    @rule(chapter=chapters, closed=st.booleans())
    def close_or_open(self, chapter: str, closed: bool) -> None:
        path = f"/api/directory/chapters/{chapter}/"
        if not closed:
            region = {"n": "north", "s": "south", "x": "north"}[chapter[0]]
            self.wait(self.world.directory.ok("PUT", path, {"region_id": region, "name": chapter}))
            self.history.chapters.add(chapter)
            return
        answer = self.wait(self.world.directory("DELETE", path))
        used = any(person.chapter == chapter for person in self.history.people.values())
        assert (answer.status_code == 409) is used
        if not used:
            self.history.chapters.discard(chapter)

    @rule(data=st.data())
    def look_back(self, data: st.DataObject) -> None:
        """What a report said then, it says of then now, whatever has happened since."""
        moment, report = data.draw(st.sampled_from(self.seen))
        path = f"/api/reports/compliance/?as_of={moment}"
        told = self.wait(self.world.admin.ok("GET", path))
        assert told["totals"] == report["totals"]
        assert _counted(told) == _counted(report)

    @invariant()
    def the_report_is_the_count_by_hand(self) -> None:
        self.steps.append("looked")
        report = self.wait(self.world.admin.ok("GET", "/api/reports/compliance/"))
        names = ("members", *STATUSES)
        shown = {row["chapter_id"]: {name: row[name] for name in names} for row in report["items"]}
        expected = self.history.roll_up()
        assert shown == expected
        assert {name: report["totals"][name] for name in names} == {
            name: sum(row[name] for row in expected.values()) for name in names
        }
        moment = self.wait(self.database.value("SELECT clock_timestamp()"))
        self.seen.append((moment.isoformat().replace("+00:00", "Z"), report))
        for row in report["items"]:
            assert row["members"] == sum(row[name] for name in STATUSES), "each in exactly one bucket"

    @invariant()
    def both_lists_say_the_same(self) -> None:
        listed = self.wait(self.world.admin.ok("GET", "/api/compliance/statuses/?limit=200"))["items"]
        assert all(one["display_name"] and one["chapter_name"] for one in listed)
        shown = {(row["user_id"], row["requirement_id"]): row["status"] for row in listed}
        expected = self.history.pairs()
        # Who is not active keeps what they have, and is in no roll-up.
        kept = {
            pair
            for pair in shown.keys() - expected.keys()
            if not self.history.is_active(self.history.people[pair[0]])
        }
        assert {pair: status for pair, status in shown.items() if pair not in kept} == expected
        user = sorted(self.history.people)[0] if self.history.people else None
        if user is not None:
            own = self.wait(self.world.member(user).ok("GET", "/api/users/compliance/"))["items"]
            assert own == [row for row in listed if row["user_id"] == user]


async def walk(world: World, database: Database, *, steps: int, walks: int) -> None:
    """So many walks of up to 25 steps, and as many again until there are so many steps."""
    done: list[str] = []
    facts = {"first": world, "database": database, "loop": asyncio.get_running_loop(), "steps": done}
    made = type("Walks", (Walk,), facts)
    checks = settings(
        max_examples=walks,
        stateful_step_count=25,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    while len(done) < steps:
        await asyncio.to_thread(run_state_machine_as_test, made, settings=checks)


@pytest.mark.long
async def test_the_roll_up_equals_a_count_by_hand(world: World, database: Database) -> None:
    await walk(world, database, steps=10, walks=2)


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_the_roll_up_equals_a_count_by_hand_for_long(world: World, database: Database) -> None:
    await walk(world, database, steps=2_000, walks=8)
