"""Steps of random lives: transfers, changes and ends of membership, exemptions and evidence."""

import uuid
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule
from tests.compliance.life import NEVER, ZONE, Field, Person, Span, midnight_after
from tests.compliance.life_organization import (
    COURSES,
    REASON,
    Organization,
    courses,
    days_ago,
    requirements,
    text_of,
    users,
)
from tests.kit.evidence import decide, send_in
from tests.kit.world import Json

chapters, words = st.sampled_from(["n1", "n2", "s1"]), st.sampled_from(["active", "pledge", "alumna"])


class InChapters(Organization):
    """What the membership service tells, and what an administrator decides about a member."""

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
            "time": text_of(time),
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
