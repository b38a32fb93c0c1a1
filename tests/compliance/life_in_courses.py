"""Steps of random lives: what members do in courses, and what is decided about it."""

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from tests.compliance.life import NEVER, ZONE, Completion, Enrollment, Person, Span, noon
from tests.compliance.life_organization import ACTIVE, COURSES, REASON, Organization, courses, days_ago, users
from tests.kit.learner import Learner, lesson
from tests.kit.moving import edited, moves, publishes

from learning_service.worker.jobs.completions import open_recertifications

once = st.sampled_from(["once", "yearly"])
DUE = """UPDATE enrollments SET due_at = now() {} interval '1 hour' WHERE id = $1"""


def _may_be_revoked(one: Completion) -> bool:
    return one.certified and one.span.until == NEVER


class InCourses(Organization):
    """Assigned, taken, graded, moved, brought along, revoked and renewed."""

    @rule(user=users, course=courses)
    def assign(self, user: str, course: str) -> None:
        person = self.life.of(user)
        if person is None:
            return
        path = f"/api/courses/{self.ids[course]}/assign/"
        at, told = self.step(self.admin("POST", path, {"user_ids": [user]}))
        spared = {one.subject for one in person.exemptions if one.holds(at)}
        free = (taken := person.open_in(course)) is None and person.valid_in(course, at) is None
        free = free and not spared & {course, COURSES[course].requirement}
        free = free and not any(
            one.subject == COURSES[course].requirement and one.holds(at) for one in person.evidence
        )
        if taken is not None:
            taken.of_program = False
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
            taken.of_program = False

    @rule(user=users, course=courses, late=st.booleans())
    def move_due_time(self, user: str, course: str, late: bool) -> None:
        """Into the past or the future."""
        person = self.who(user, lambda one: one.open_in(course))
        taken = None if person is None else person.open_in(course)
        if taken is not None:
            statement = DUE.format("-" if late else "+")
            at, _ = self.step(self.database(statement, uuid.UUID(taken.id)))
            taken.late.append((at, late))

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
        person = self.who(user, lambda one: any(map(_may_be_revoked, one.completions)))
        if person is not None:
            held = [one for one in person.completions if _may_be_revoked(one)]
            at, _ = self.step(self._revoke(person.user))
            for one in held:
                one.span.until = at

    async def _revoke(self, user: str) -> None:
        listed = await self.world.admin.ok("GET", f"/api/certificates/?user_id={user}&limit=200")
        for one in listed["items"]:
            # One that was renewed is superseded; it is made one of its own again by revoking what renewed it.
            if one["status"] != "revoked":
                await self.world.admin.ok("POST", f"/api/certificates/{one['id']}/revoke/", REASON)

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
