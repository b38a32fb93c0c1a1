"""Random lives of members: compliance now, as of any instant, by month and to come is what a model of facts says."""

import asyncio
import random
import uuid
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from tests.compliance.life import (
    NEVER,
    ZONE,
    Completion,
    Course,
    Enrollment,
    Field,
    Life,
    Person,
    Span,
    last_instant,
    midnight_after,
    noon,
)
from tests.kit.compliance import REPORT
from tests.kit.direct import Database, database
from tests.kit.evidence import decide, send_in
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.moving import edited, moves, publishes
from tests.kit.world import Json, World

from learning_service.worker.jobs.completions import open_recertifications

__all__ = ["database"]
MEMBERS = {"ana": "n1", "bob": "n1", "cyd": "n2", "dan": "s1"}
COURSES = {
    "yearly": Course("hazing", yearly=True),
    "once": Course("hazing", yearly=False),
    "moving": Course("aid", yearly=True),
    "essay": Course("aid", yearly=False),
}
ACTIVE, AID_YEAR = ("active", "pledge"), 1
ESSAY = {"type": "short_answer", "prompt_html": "<p>Why?</p>", "points": 1, "review": "manual"}
DAYS_AGO = (800, 420, 380, 350, 340, 200, 40, 3)
"""Before and after a year, and within the window before it ends."""
REASON = {"reason": "So it was decided"}
users, courses = st.sampled_from(sorted(MEMBERS)), st.sampled_from(sorted(COURSES))
once, requirements = st.sampled_from(["once", "yearly"]), st.sampled_from(["aid", "hazing"])
chapters, words = st.sampled_from(["n1", "n2", "s1"]), st.sampled_from(["active", "pledge", "alumna"])
days_ago = st.sampled_from(DAYS_AGO)
DUE = """UPDATE enrollments SET due_at = now() {} interval '1 hour' WHERE id = $1"""


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Walk(RuleBasedStateMachine):
    """An organization with four courses and members whose lives go on at random."""

    first: ClassVar[World]
    database: ClassVar[Database]
    loop: ClassVar[asyncio.AbstractEventLoop]
    walks: ClassVar[list[int]]

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.first.http, self.first.signer, self.first.worker)
        self.life = Life(COURSES, ACTIVE, {"hazing": None, "aid": AID_YEAR})
        self.ids: dict[str, str] = {}
        self.instants: list[datetime] = []
        self.moved = False
        self.wait(self.begin())

    async def begin(self) -> None:
        """Members of whom nothing was told, and courses of one question and one try."""
        await self.world.found()
        path = "/api/directory/compliance-requirements/aid/"
        await self.world.directory.ok("PUT", path, {"organization_id": self.world.id, "name": "Aid"})
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

    @rule(user=users, course=courses)
    def assign(self, user: str, course: str) -> None:
        person = self.life.of(user)
        if person is None:
            return
        path = f"/api/courses/{self.ids[course]}/assign/"
        at, told = self.step(self.admin("POST", path, {"user_ids": [user]}))
        spared = {one.subject for one in person.exemptions if one.holds(at)}
        free = person.open_in(course) is None and person.valid_in(course, at) is None
        free = free and not spared & {course, COURSES[course].requirement}
        assert told["assigned"] == free, told
        if free:
            found = self.wait(self.enrollments(user, course))
            [new] = found.keys() - {one.id for one in person.enrollments}
            person.enrollments.append(Enrollment(course, new, [(at, "open")]))

    @rule(user=users, course=courses, passes=st.booleans())
    def take(self, user: str, course: str, passes: bool) -> None:
        """Pass or fail; an essay is handed in, and graded by somebody else later."""
        person = self.who(user, lambda one: one.open_in(course))
        taken = None if person is None else person.open_in(course)
        if person is None or taken is None or taken.now != "open":
            return
        user = person.user
        if course == "essay":
            at, _ = self.step(self._hand_in(user))
            taken.states.append((at, "handed in"))
            return
        at, _ = self.step(self._submit(user, course, passes))
        self._ended(person, taken, at, passes=passes)

    async def _submit(self, user: str, course: str, passes: bool) -> None:
        learner = await Learner.join(self.world.member(user), self.ids[course], enroll=False)
        if "More" in learner.ids:
            await learner.read("More")
        await learner.start()
        await learner.submit(correct=int(passes))

    async def _hand_in(self, user: str) -> None:
        learner = await Learner.join(self.world.member(user), self.ids["essay"], enroll=False)
        [question] = await learner.questions("Q")
        sent = await learner.send("Q", [{"question_id": question["id"], "text": "Because of it"}])
        assert sent.status_code == 200, sent.text

    def _ended(
        self,
        person: Person,
        taken: Enrollment,
        at: datetime,
        *,
        passes: bool,
        made_at: datetime | None = None,
    ) -> None:
        taken.states.append((at, "completed" if passes else "failed"))
        if passes:
            course = COURSES[taken.course]
            until = person.expiry(taken.course, made_at or at, yearly=course.yearly)
            span = Span(course.requirement, at, expires=until)
            person.completions.append(Completion(taken.course, made_at or at, span))

    @rule(user=users, passes=st.booleans())
    def grade(self, user: str, passes: bool) -> None:
        """What a person grades counts from then on, though it was done before."""
        person = self.who(user, lambda one: (found := one.open_in("essay")) and found.now == "handed in")
        taken = None if person is None else person.open_in("essay")
        if person is None or taken is None:
            return
        user = person.user
        at, _ = self.step(self._grade(user, passes))
        self._ended(person, taken, at, passes=passes, made_at=taken.states[-1][0])

    async def _grade(self, user: str, passes: bool) -> None:
        waiting = (await self.world.admin.ok("GET", "/api/learning/grading/pending/?limit=200"))["items"]
        [mine] = [one for one in waiting if one["learner"] and one["learner"]["user_id"] == user]
        await self.world.admin.ok(
            "POST", f"/api/learning/grading/{mine['response_id']}/", {"points": int(passes)}
        )

    @rule(user=users, course=once)
    def grant_a_try(self, user: str, course: str) -> None:
        """What had failed is open again."""
        person = self.life.of(user)
        mine = [] if person is None else [one for one in person.enrollments if one.course == course]
        if (
            person is None
            or not mine
            or mine[-1].now != "failed"
            or person.valid_in(course, datetime.now(UTC))
        ):
            return
        at, _ = self.step(self._grant(user, course, mine[-1].id))
        mine[-1].states.append((at, "open"))

    async def _grant(self, user: str, course: str, enrollment: str) -> None:
        learner = await Learner.join(self.world.member(user), self.ids[course], enroll=False)
        body = {"quiz_id": learner.ids["Q"], "extra": 1, **REASON}
        await self.world.admin.ok("POST", f"/api/enrollments/{enrollment}/attempts/", body)

    @rule(user=users, course=courses)
    def withdraw(self, user: str, course: str) -> None:
        person = self.who(user, lambda one: one.open_in(course))
        taken = None if person is None else person.open_in(course)
        if taken is not None:
            at, _ = self.step(self.admin("POST", f"/api/enrollments/{taken.id}/withdraw/", REASON))
            taken.states.append((at, "withdrawn"))

    @rule(user=users, course=courses, late=st.booleans())
    def move_due_time(self, user: str, course: str, late: bool) -> None:
        """Into the past or the future."""
        person = self.who(user, lambda one: one.open_in(course))
        taken = None if person is None else person.open_in(course)
        if taken is not None:
            statement = DUE.format("-" if late else "+")
            at, _ = self.step(self.database(statement, uuid.UUID(taken.id)))
            taken.late.append((at, late))

    @rule(user=users, subject=requirements | courses)
    def exempt(self, user: str, subject: str) -> None:
        person = self.life.of(user)
        if person is None:
            return
        named = {"course_id": self.ids[subject]} if subject in COURSES else {"requirement_id": subject}
        at, _ = self.step(self.admin("POST", "/api/exemptions/", {"user_id": user, **named, **REASON}))
        person.exemptions.append(Span(subject, at))

    @rule(user=users)
    def end_exemptions(self, user: str) -> None:
        person = self.who(user, lambda one: any(held.until == NEVER for held in one.exemptions))
        if person is not None:
            held = [one for one in person.exemptions if one.until == NEVER]
            at, _ = self.step(self._end_exemptions(person.user))
            for one in held:
                one.until = at

    async def _end_exemptions(self, user: str) -> None:
        found = await self.world.admin.ok("GET", f"/api/exemptions/?user_id={user}&in_force=true&limit=200")
        for one in found["items"]:
            await self.world.admin.ok("DELETE", f"/api/exemptions/{one['id']}/")

    @rule(user=users, requirement=requirements, days=st.sampled_from([None, 0, 20, 80]))
    def show_evidence(self, user: str, requirement: str, days: int | None) -> None:
        """Sent in and approved: for good, or until a day."""
        person = self.life.of(user)
        if person is None:
            return
        last = None if days is None else datetime.now(ZONE).date() + timedelta(days=days)
        at, _ = self.step(self._show(user, requirement, {} if last is None else {"expires_on": str(last)}))
        until = NEVER if last is None else midnight_after(last)
        person.evidence.append(Span(requirement, at, expires=until))

    async def _show(self, user: str, requirement: str, said: Json) -> None:
        sent = await send_in(self.world, user, requirement_id=requirement)
        await decide(self.world, sent, **said)

    @rule(user=users)
    def take_evidence_back(self, user: str) -> None:
        person = self.who(user, lambda one: any(held.until == NEVER for held in one.evidence))
        if person is not None:
            held = [one for one in person.evidence if one.until == NEVER]
            at, _ = self.step(self._take_back(person.user))
            for one in held:
                one.until = at

    async def _take_back(self, user: str) -> None:
        found = await self.world.admin.ok("GET", "/api/evidence/?status=approved&limit=200")
        for one in found["items"]:
            if one["user_id"] == user:
                await decide(self.world, one, decision="reject")

    @rule(user=users, course=courses, days=days_ago)
    def bring_along(self, user: str, course: str, days: int) -> None:
        """A completion of a past day, from a file: it counts from that day."""
        person = self.life.of(user)
        day = datetime.now(ZONE).date() - timedelta(days=days)
        if person is None or person.open_in(course) is not None:
            return
        known = any(one.course == course and one.made_at == noon(day) for one in person.completions)
        self.step(self._import(f"{user},{self.ids[course]},{day}"))
        if not known:
            facts = COURSES[course]
            until = person.expiry(course, noon(day), yearly=facts.yearly)
            span = Span(facts.requirement, noon(day), expires=until)
            person.completions.append(Completion(course, noon(day), span))
            person.enrollments.append(Enrollment(course, "", [(noon(day), "completed")]))

    async def _import(self, line: str) -> None:
        files = {"file": ("rows.csv", f"user_id,course_id,completed_on\n{line}")}
        await self.world.admin.ok("POST", "/api/imports/?kind=completions", files=files)

    @rule(user=users)
    def revoke(self, user: str) -> None:
        """All certificates of a member."""
        person = self.who(user, lambda one: any(held.span.until == NEVER for held in one.completions))
        if person is not None:
            held = [one for one in person.completions if one.span.until == NEVER]
            at, _ = self.step(self._revoke(person.user))
            for one in held:
                one.span.until = at

    async def _revoke(self, user: str) -> None:
        listed = await self.world.admin.ok("GET", f"/api/certificates/?user_id={user}&limit=200")
        for one in listed["items"]:
            # One that was renewed is superseded; it is made one of its own again by revoking what renewed it.
            if one["status"] != "revoked":
                await self.world.admin.ok("POST", f"/api/certificates/{one['id']}/revoke/", REASON)

    @rule(user=users, chapter=chapters, status=words, year=st.sampled_from([None, 1, 2]))
    def put(self, user: str, chapter: str, status: str, year: int | None) -> None:
        """A transfer, a change, or a new member with the id of one who was erased."""
        said = {"status": status, "custom_fields": {} if year is None else {"year": year}}
        at, _ = self.step(self.world.add_member(user, chapter, **said))
        person = self.life.of(user)
        if person is None:
            place, word, number = (Field(value, value) for value in (chapter, status, year))
            self.life.people.append(Person(user, at, place, word, number))
            return
        person.chapter.put(at, chapter)
        person.status.put(at, status)
        person.year.put(at, year)

    @rule(
        user=users,
        chapter=st.none() | chapters,
        status=words,
        year=st.none() | st.integers(1, 2),
        late=st.none() | days_ago,
    )
    def leave_or_return(
        self, user: str, chapter: str | None, status: str, year: int | None, late: int | None
    ) -> None:
        """An event, of now or of which we are told late."""
        person = self.life.of(user)
        if person is None:
            return
        time = self.wait(self.now())
        if late is not None:
            time -= timedelta(days=late)
        said = {
            "status": status,
            "chapter_id": chapter,
            "custom_fields": None if year is None else {"year": year},
        }
        at, _ = self.step(
            self._happened(user, time, {name: one for name, one in said.items() if one is not None})
        )
        person.told.append(time)
        person.status.happened(time, status, at)
        if chapter is not None:
            person.chapter.happened(time, chapter, at)
        if year is not None:
            person.year.happened(time, year, at)

    async def _happened(self, user: str, time: datetime, data: Json) -> None:
        event = {
            "specversion": "1.0",
            "type": "membership.status_changed",
            "id": uuid.uuid4().hex,
            "source": "/membership",
            "time": _text(time),
            "subject": user,
            "data": data,
        }
        await self.world.directory.ok("POST", "/api/directory/events/", event)

    @rule(user=users)
    def erase(self, user: str) -> None:
        person = self.life.of(user)
        if person is not None:
            at, _ = self.step(self.world.directory("DELETE", f"/api/directory/members/{user}/"))
            person.erased = at

    @precondition(lambda self: not self.moved)
    @rule()
    def move(self) -> None:
        """A version with one lesson more, to which all who are at it go on with what they have."""
        self.moved = True
        self.step(self._move())

    async def _move(self) -> None:
        course = {"id": self.ids["moving"]}
        changed = await edited(self.world, course)
        changed["modules"][0]["items"].append(lesson("More"))
        await publishes(self.world, course, changed)
        await moves(self.world, course)

    @rule()
    def renew(self) -> None:
        """The daily job: it changes nothing but what is under way."""
        at, _ = self.step(open_recertifications(self.world.worker, None))
        for person in [one for one in self.life.people if one.erased == NEVER]:
            for course in ("yearly", "moving"):
                self._renewed(person, course, at)

    def _renewed(self, person: Person, course: str, at: datetime) -> None:
        found = self.wait(self.enrollments(person.user, course))
        known = {one.id for one in person.enrollments}
        new = [one for one, status in found.items() if status == "assigned" and one not in known]
        mine = [one for one in person.completions if one.course == course and one.span.until == NEVER]
        last = max(mine, key=lambda one: one.span.expires, default=None)
        spared = {one.subject for one in person.exemptions if one.holds(at)}
        proven = any(
            one.subject == COURSES[course].requirement
            and one.holds(at)
            and one.expires > at + timedelta(days=30)
            for one in person.evidence
        )
        wanted = (
            last is not None
            and last.renewable_from <= at
            and person.status.now in ACTIVE
            and person.open_in(course) is None
            and not spared & {course, COURSES[course].requirement}
            and not proven
        )
        assert wanted or not new, "a renewal that nothing asks for"
        alone = len(mine) == 1 and all(one.id == "" for one in person.enrollments if one.course == course)
        assert new or not (wanted and alone), "a renewal is missing"
        for one in new:
            person.enrollments.append(Enrollment(course, one, [(at, "open")]))

    @rule(data=st.data())
    def ask(self, data: st.DataObject) -> None:
        """As of an instant just before or after a step, or of a day long ago."""
        days = st.integers(1, 900).map(lambda n: last_instant(datetime.now(ZONE).date() - timedelta(days=n)))
        self.check_at(data.draw(st.sampled_from(self.instants) | days))

    def check_at(self, at: datetime) -> None:
        """The report as of then, each chapter of it."""
        path = f"{REPORT}?as_of={_text(at)}"
        self.compare(self.wait(self.admin("GET", path)), at)

    def compare(self, report: Json, at: datetime) -> None:
        """Each chapter's counts, and the totals."""
        expected = self.life.report(at)
        names = [name for name in report["totals"] if name != "members"]
        shown = {
            row["chapter_id"]: {name: row[name] for name in ("members", *names) if row[name]}
            for row in report["items"]
            if row["members"]
        }
        assert shown == expected, f"as of {at}"
        for name in names:
            assert report["totals"][name] == sum(row.get(name, 0) for row in expected.values()), name

    def teardown(self) -> None:
        """At the end: now, as of instants of the whole life, by month, and to come."""
        self.walks.append(len(self.instants))
        at = self.wait(self.now())
        self.compare(self.wait(self.admin("GET", REPORT)), at)
        self.check_statuses(at)
        chance = random.Random(len(self.instants))
        for instant in chance.sample(self.instants, min(3, len(self.instants))):
            self.check_at(instant)
        self.check_months(at)
        self.check_forecast(at)

    def check_statuses(self, at: datetime) -> None:
        """What an administrator lists, and what each member is told."""
        listed = self.wait(self.admin("GET", "/api/compliance/statuses/?limit=200"))["items"]
        shown = {
            (one["user_id"], one["requirement_id"]): (one["status"], one["expires_at"]) for one in listed
        }
        for person, requirement in self.life.duties(at):
            status, until, _ = self.life.standing(person, requirement, at)
            told = shown[person.user, requirement]
            assert told == (status, None if until == NEVER else _text(until)), (person.user, requirement)
        user = next((one.user for one in self.life.people if one.erased == NEVER), None)
        if user is not None:
            own = self.wait(self.world.member(user).ok("GET", "/api/users/compliance/"))["items"]
            assert own == [one for one in listed if one["user_id"] == user]

    def check_months(self, now: datetime) -> None:
        """The series of two years is the model's at each of its instants."""
        since = now.astimezone(ZONE).date() - timedelta(days=150)
        found = self.wait(self.admin("GET", f"{REPORT}history/?from={since}&step=month"))["items"]
        assert len(found) > 4
        for one in found:
            expected = self.life.report(min(datetime.fromisoformat(one["at"]), now))
            for name in (name for name in one if name != "at"):
                assert one[name] == sum(row.get(name, 0) for row in expected.values()), (one["at"], name)

    def check_forecast(self, at: datetime) -> None:
        """Who lapses within a year and a bit."""
        path = f"{REPORT}forecast/?days=400&limit=200"
        shown = [
            (
                datetime.fromisoformat(one["expires_at"]),
                one["user_id"],
                one["chapter_id"],
                one["requirement_id"],
                one["under_way"],
            )
            for one in self.wait(self.admin("GET", path))["items"]
        ]
        assert shown == self.life.lapses(at, 400)


def walk_of(world: World, database: Database, done: list[int]) -> type[Walk]:
    """Walks in these parts; `done` comes to hold the number of instants of each."""
    facts = {"first": world, "database": database, "loop": asyncio.get_running_loop(), "walks": done}
    return type("Walks", (Walk,), facts)


async def walk(world: World, database: Database, *, walks: int, steps: int) -> None:
    """So many lives of that many steps each."""
    done: list[int] = []
    made = walk_of(world, database, done)
    checks = settings(
        max_examples=walks,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        # A life that disagrees is told as it was: to make it shorter takes longer than to read it.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(run_state_machine_as_test, made, settings=checks)
    assert len(done) >= walks


async def test_what_was_revoked_counted_until_then(world: World, database: Database) -> None:
    """A life that chance seldom finds: nothing else hides the completion that is gone."""
    made = walk_of(world, database, [])

    def life() -> None:
        one = made()
        one.bring_along(user="ana", course="once", days=40)
        one.revoke(user="ana")
        for at in one.instants:
            one.check_at(at)
        one.teardown()

    await asyncio.to_thread(life)


async def test_a_few_lives_are_what_the_model_says(world: World, database: Database) -> None:
    await walk(world, database, walks=2, steps=10)


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_many_lives_are_what_the_model_says(world: World, database: Database) -> None:
    await walk(world, database, walks=120, steps=14)
