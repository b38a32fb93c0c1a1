"""Steps of random lives: a program of two steps, what it assigns, and what completes it."""

from collections.abc import Collection
from datetime import datetime

from hypothesis.stateful import invariant, rule
from tests.compliance.life import NEVER, Completion, Enrollment, Person, Span
from tests.compliance.life_in_chapters import InChapters
from tests.compliance.life_in_courses import InCourses
from tests.compliance.life_organization import COURSES, PROGRAM, STEPS, users
from tests.kit.world import Json

NEEDED = sum(step.need for step in STEPS)
WHOSE = {name: COURSES[name] for step in STEPS for name in step.courses}

OTHER_JOBS = "DELETE FROM outbox WHERE organization_id = $1 AND job <> 'open_steps'"


class InPrograms(InCourses, InChapters):
    """Assigned, taken further by each completion, exemption and piece of evidence, and completed."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[int, tuple[object, object]] = {}

    @rule(user=users)
    def assign_program(self, user: str) -> None:
        person = self.life.of(user)
        if person is None:
            return
        path = f"/api/programs/{self.ids[PROGRAM]}/assign/"
        at, told = self.step(self.admin("POST", path, {"user_ids": [user]}))
        free = person.open_in(PROGRAM) is None and person.valid_in(PROGRAM, at) is None
        assert told["assigned"] == free, told
        if free:
            ways = self.wait(self.world.member(user).ok("GET", "/api/users/programs/"))["items"]
            person.enrollments.append(Enrollment(PROGRAM, ways[0]["enrollment_id"], [(at, "open")]))

    @invariant()
    def go_on(self) -> None:
        """What the step before it brought about in programs: with completions at once, else by a job."""
        at, by_job = self.instants[-1], []
        for person in self.life.people:
            learned, decided = self._facts(person)
            before = self.seen.get(id(person), ((0, 0), ([], [])))
            self.seen[id(person)] = learned, decided
            if person.erased != NEVER:
                continue
            if learned != before[0]:
                self._further(person, at)
            if decided != before[1] and person.open_in(PROGRAM):
                by_job.append(person)
        if by_job:
            at, _ = self.step(self._open_steps())
            for person in by_job:
                self._further(person, at)

    async def _open_steps(self) -> None:
        """Programs alone are taken further: making PDFs takes long, and is no part of this."""
        await self.database(OTHER_JOBS, self.world.id)
        await self.world.run_jobs()

    def _facts(self, person: Person) -> tuple[object, object]:
        passed = sum(one.course in WHOSE for one in person.completions)
        ways = sum(one.course == PROGRAM for one in person.enrollments)
        decided = [
            [(one.subject, one.until) for one in held] for held in (person.exemptions, person.evidence)
        ]
        return (passed, ways), decided

    def _further(self, person: Person, at: datetime) -> None:
        """Enroll in what is next, withdraw what is superfluous, and complete, as the contract says."""
        way = person.open_in(PROGRAM)
        if way is None:
            return
        done = person.done_in_program(WHOSE, way.states[0][0], at)
        waiting = [step for step in STEPS if len(step.courses & done.keys()) < step.need]
        wanted = {name for step in waiting[:1] for name in step.courses - done.keys()}
        self._assigned(person, wanted, at)
        for step in STEPS:
            for name in step.courses - done.keys() if step not in waiting else ():
                taken = person.open_in(name)
                if taken is not None and taken.of_program:
                    taken.states.append((at, "withdrawn"))
        if not waiting:
            way.states.append((at, "completed"))
            span = Span("leading", at, expires=person.expiry(PROGRAM, at, yearly=True))
            earned = "completed" in done.values()
            person.completions.append(Completion(PROGRAM, at, span, certified=earned))

    def _assigned(self, person: Person, wanted: Collection[str], at: datetime) -> None:
        for name in sorted(WHOSE):
            found = self.wait(self.enrollments(person.user, name))
            known = [one for one in person.enrollments if one.course == name]
            new = [
                one
                for one, status in found.items()
                if status == "assigned" and one not in {k.id for k in known}
            ]
            assert len(new) <= (name in wanted), (person.user, name, "nothing asks for it")
            # Who has failed it, was withdrawn from it by a person or has passed it is not sure to get it again.
            if name in wanted and all(one.of_program and one.now == "withdrawn" for one in known):
                assert new, (person.user, name, "is missing")
            for one in new:
                person.enrollments.append(Enrollment(name, one, [(at, "open")], of_program=True))

    def check_programs(self, at: datetime) -> None:
        """What each member is told of their program now."""
        for person in (one for one in self.life.people if one.erased == NEVER):
            ways = [one for one in person.enrollments if one.course == PROGRAM]
            path = "/api/users/programs/"
            shown = self.wait(self.world.member(person.user).ok("GET", path))["items"]
            assert [one["enrollment_id"] for one in shown] == [one.id for one in reversed(ways)]
            for way, told in zip(reversed(ways), shown, strict=True):
                self._compare_way(person, way, told, at)

    def _compare_way(self, person: Person, way: Enrollment, told: Json, at: datetime) -> None:
        done = person.done_in_program(WHOSE, way.states[0][0], at)
        have = sum(min(step.need, len(step.courses & done.keys())) for step in STEPS)
        is_completed = way.now == "completed"
        assert (told["status"] == "completed") == is_completed, person.user
        assert told["percent"] == (100 if is_completed else 100 * have // NEEDED), person.user
        names = {self.ids[name]: name for name in WHOSE}
        for course in (one for step in told["steps"] for one in step["courses"]):
            why = done.get(names[course["course_id"]])
            assert course["done"] == (why is not None), (person.user, course)
            assert course["excused"] == (why if why != "completed" else None), (person.user, course)
        held = next((one for one in person.completions if one.course == PROGRAM and one.certified), None)
        assert (told["certificate_id"] is None) or held is not None, person.user
