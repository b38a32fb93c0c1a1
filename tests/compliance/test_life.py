"""Random lives of members: compliance now, as of any instant, by month and to come is what a model of facts says."""

import asyncio
import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test
from tests.compliance.life import NEVER, ZONE, last_instant
from tests.compliance.life_in_programs import InPrograms
from tests.compliance.life_organization import text_of
from tests.kit.compliance import REPORT
from tests.kit.direct import Database, database
from tests.kit.world import Json, World

__all__ = ["database"]


class Walk(InPrograms):
    """Lives that go on at random, and what is asked of them: at any step, and at the end."""

    @rule(data=st.data())
    def ask(self, data: st.DataObject) -> None:
        """As of an instant just before or after a step, or of a day long ago."""
        days = st.integers(1, 900).map(lambda n: last_instant(datetime.now(ZONE).date() - timedelta(days=n)))
        self.check_at(data.draw(st.sampled_from(self.instants) | days))

    def check_at(self, at: datetime) -> None:
        """The report as of then, each chapter of it."""
        path = f"{REPORT}?as_of={text_of(at)}"
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
        self.check_programs(at)
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
            assert told == (status, None if until == NEVER else text_of(until)), (person.user, requirement)
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


async def test_a_program_goes_on_by_what_is_exempt_and_proven(world: World, database: Database) -> None:
    """Lives that chance seldom finds, with every step of the way looked at again as of its time."""
    made = walk_of(world, database, [])

    def life() -> None:
        one = made()

        def then(do: Any, **facts: Any) -> None:
            do(one, **facts)
            one.go_on()

        for user in ("ana", "bob", "cyd"):
            then(made.assign_program, user=user)
        then(made.exempt, user="ana", subject="once")
        then(made.show_evidence, user="ana", requirement="aid", days=None)
        then(made.show_evidence, user="bob", requirement="hazing", days=20)
        then(made.take, user="cyd", course="once", passes=True)
        then(made.exempt, user="cyd", subject="yearly")
        then(made.end_exemptions, user="cyd")
        then(made.revoke, user="cyd")
        then(made.erase, user="bob")
        then(made.assign_program, user="dan")
        then(made.bring_along, user="dan", course="once", days=800)
        then(made.exempt, user="dan", subject="aid")
        for at in one.instants:
            one.check_at(at)
        one.teardown()

    await asyncio.to_thread(life)


async def test_a_few_lives_are_what_the_model_says(world: World, database: Database) -> None:
    await walk(world, database, walks=1, steps=10)


@pytest.mark.long
@pytest.mark.timeout(2400)
async def test_many_lives_are_what_the_model_says(world: World, database: Database) -> None:
    await walk(world, database, walks=120, steps=14)
