"""What must hold after every fault, asked of the database, the object store and the receivers themselves.

`lost`: acknowledged, or owed because of it, and not there. `doubled`: there more often than it was meant.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import asyncpg
from tests.faults.client import Ledger
from tests.faults.learners import Crowd
from tests.faults.rig import Rig

from learning_service.adapters.storage import ObjectMissing, ObjectStore
from learning_service.domain.certificates.rules.certificates import pdf_key

Database: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
"""Connections past the proxy, as the superuser; those that a killed server leaves behind are replaced."""


@dataclass
class Findings:
    """What a run broke."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """Neither: an answer that the contract does not allow, a process that ended, a job that is dead."""

    def __bool__(self) -> bool:
        return bool(self.lost or self.doubled or self.wrong)

    def differ(self, what: str, wanted: Iterable[Any], found: Iterable[Any]) -> None:
        """Each of `wanted` must be in `found` once; others must not."""
        need, have = Counter(wanted), Counter(found)
        self.lost += [f"{what}: {one}" for one in need - have]
        self.doubled += [f"{what}: {one} ({have[one]})" for one in have - need]


@dataclass
class Inspector:
    """Looks at one organization."""

    rig: Rig
    database: Database
    store: ObjectStore
    crowd: Crowd

    async def inspect(self) -> Findings:
        """Every invariant."""
        found = Findings()
        found.wrong += self.crowd.ledger.surprises
        for look in (
            self._submissions,
            self._attempts,
            self._enrollments,
            self._completions,
            self._pdfs,
            self._grades,
            self._mails,
            self._feed,
            self._webhooks,
            self._jobs,
            self._audit,
        ):
            await look(found, self.crowd.ledger)
        return found

    async def _rows(self, query: str) -> list[Any]:
        """The rows; `$1` is the organization."""
        return list(await self.database.fetch(query, self.crowd.world.id))

    async def _submissions(self, found: Findings, ledger: Ledger) -> None:
        """I1, I3: each acknowledged submission is there, closed, with the answers that were sent."""
        rows = await self._rows(
            "SELECT id::text, status, responses FROM quiz_attempts WHERE organization_id = $1"
        )
        kept = {row["id"]: row for row in rows}
        for attempt, sent in ledger.submitted.items():
            row = kept.get(attempt)
            if row is None or row["status"] == "in_progress":
                found.lost.append(f"submission {attempt}: {row and row['status']}")
            elif json.loads(row["responses"]) != _stored(sent):
                found.lost.append(f"answers of {attempt}: {row['responses']} for {sent}")

    async def _attempts(self, found: Findings, ledger: Ledger) -> None:
        """I2: as many attempts as the learner meant, none beyond the limit, counters equal to rows."""
        rows = await self._rows(
            "SELECT user_id, quiz_id::text, count(*) AS n, count(*) FILTER (WHERE status = 'in_progress') AS open"
            " FROM quiz_attempts WHERE organization_id = $1 GROUP BY 1, 2"
        )
        made = Counter({(row["user_id"], row["quiz_id"]): row["n"] for row in rows})
        found.doubled += [
            f"attempts of {who}: {made[who]} of {ledger.meant[who]}" for who in made - ledger.meant
        ]
        found.wrong += [f"{row['user_id']}: {row['open']} attempts under way" for row in rows if row["open"]]
        beyond = await self._rows(
            "SELECT p.enrollment_id FROM quiz_progress p LEFT JOIN quiz_attempts a USING (enrollment_id, quiz_id)"
            " WHERE p.organization_id = $1 GROUP BY p.enrollment_id, p.quiz_id, attempts_used, attempts_allowed"
            " HAVING count(a.id) <> attempts_used OR attempts_used > attempts_allowed"
        )
        found.doubled += [f"attempts beyond the counter: {row[0]}" for row in beyond]

    async def _enrollments(self, found: Findings, ledger: Ledger) -> None:
        """I7: one open or completed enrollment for each member and course that was acknowledged."""
        rows = await self._rows(
            "SELECT id::text, user_id, course_id::text FROM enrollments WHERE organization_id = $1"
        )
        ids = {row["id"] for row in rows}
        found.lost += [f"enrollment {one}" for one in ledger.enrolled if one not in ids]
        pairs = Counter((row["user_id"], row["course_id"]) for row in rows)
        found.lost += [f"assignment {pair}" for pair in ledger.assigned if not pairs[pair]]
        found.doubled += [f"enrollment of {pair}: {n}" for pair, n in pairs.items() if n > 1]

    async def _completions(self, found: Findings, ledger: Ledger) -> None:
        """I4: whoever passed everything has one completion, one certificate, one event; nobody else has."""
        passed = await self._rows(
            "SELECT e.id::text FROM enrollments e JOIN quizzes q USING (version_id)"
            " LEFT JOIN quiz_progress p ON p.enrollment_id = e.id AND p.quiz_id = q.id"
            " WHERE e.organization_id = $1 GROUP BY e.id HAVING bool_and(p.passed_at IS NOT NULL)"
        )
        owed = {row[0] for row in passed}
        found.lost += [f"pass of {e}" for e in ledger.completed if e not in owed]
        for what, query in {
            "completion": "SELECT enrollment_id::text FROM course_completions WHERE organization_id = $1",
            "status": "SELECT id::text FROM enrollments WHERE organization_id = $1 AND status = 'completed'",
            "certificate": "SELECT enrollment_id::text FROM certificates c"
            " JOIN course_completions d ON d.id = c.completion_id WHERE c.organization_id = $1",
            "event of completion": "SELECT data->>'enrollment_id' FROM events WHERE organization_id = $1"
            " AND type = 'learning.course.completed'",
        }.items():
            found.differ(what, owed, [row[0] for row in await self._rows(query)])
        issued = {
            row[0] for row in await self._rows("SELECT id::text FROM certificates WHERE organization_id = $1")
        }
        found.lost += [f"certificate {c}" for c in ledger.completed.values() if c not in issued]

    async def _pdfs(self, found: Findings, ledger: Ledger) -> None:
        """I5: each certificate has its PDF, and the store holds exactly these bytes."""
        rows = await self._rows("SELECT id::text, pdf_sha256 FROM certificates WHERE organization_id = $1")
        for certificate, sha256 in rows:
            if sha256 is None:
                found.lost.append(f"PDF of {certificate}")
                continue
            try:
                pdf = await self.store.get(pdf_key(sha256))
            except ObjectMissing:
                found.lost.append(f"PDF of {certificate}: not in the store")
                continue
            if hashlib.sha256(pdf).hexdigest() != sha256 or not pdf.startswith(b"%PDF-"):
                found.lost.append(f"PDF of {certificate}: other bytes")

    async def _grades(self, found: Findings, ledger: Ledger) -> None:
        """Each acknowledged grade is there."""
        rows = await self._rows(
            "SELECT id::text, points FROM pending_responses WHERE organization_id = $1 AND graded_at IS NOT NULL"
        )
        kept = {row["id"]: row["points"] for row in rows}
        found.lost += [f"grade {r}" for r, points in ledger.graded.items() if kept.get(r) != points]

    async def _mails(self, found: Findings, ledger: Ledger) -> None:
        """I6: each mail is claimed once, has arrived once, or at most once where its sender was cut off."""
        rows = await self._rows(
            "SELECT r.id::text, r.enrollment_id::text, r.kind, r.days_before, r.due_at, r.status FROM reminders r"
            " WHERE r.organization_id = $1"
        )
        claims = [(row["enrollment_id"], row["kind"], row["days_before"], row["due_at"]) for row in rows]
        found.doubled += [f"mail {claim}" for claim, n in Counter(claims).items() if n > 1]
        for row in rows:
            arrived = self.rig.inbox.taken[row["id"]]
            if arrived > 1:
                found.doubled.append(f"mail {row['id']} arrived {arrived} times")
            if row["status"] == "pending" or (row["status"] == "sent" and not arrived):
                found.lost.append(f"mail {row['id']} is {row['status']} and did not arrive")
        owed = await self._rows(
            "SELECT e.id::text, 'assigned' FROM enrollments e WHERE e.organization_id = $1 AND e.source <> 'self'"
            " UNION ALL SELECT e.id::text, 'due' FROM enrollments e WHERE e.organization_id = $1"
            " AND e.due_at - interval '7 days' BETWEEN e.assigned_at AND now() AND e.status = 'assigned'"
        )
        claimed = {(row["enrollment_id"], row["kind"]) for row in rows}
        found.lost += [f"mail {tuple(row)}" for row in owed if tuple(row) not in claimed]

    async def _feed(self, found: Findings, ledger: Ledger) -> None:
        """I8: the feed told every event once, in the order of positions without a gap."""
        rows = await self._rows(
            "SELECT id::text, position FROM events WHERE organization_id = $1 ORDER BY position"
        )
        found.differ("event in the feed", [row["id"] for row in rows], ledger.feed)
        if [row["position"] for row in rows] != list(range(1, len(rows) + 1)):
            found.wrong.append("positions of events have gaps")
        elif not found and ledger.feed != [row["id"] for row in rows]:
            found.wrong.append("the feed is out of order")

    async def _webhooks(self, found: Findings, ledger: Ledger) -> None:
        """I8: the good receiver has heard every event that it wanted; nothing that never was."""
        good = self.crowd.hooks.get("good")
        if good is None:
            return
        rows = await self._rows(
            "SELECT e.id::text FROM events e JOIN webhook_subscriptions s ON s.organization_id = e.organization_id"
            f" AND e.type = ANY (s.event_types) WHERE e.organization_id = $1 AND s.id = '{good}'"
        )
        wanted = {row[0] for row in rows}
        source = f"/learning-service/organizations/{self.crowd.world.id}"
        events = [request.event for request in self.rig.hook.requests]
        heard = {event["id"] for event in events if event["source"] == source}
        found.lost += [f"webhook of {one}" for one in wanted - heard]
        found.wrong += [f"webhook of no event {one}" for one in heard - wanted]

    async def _jobs(self, found: Findings, ledger: Ledger) -> None:
        """I11: nothing is left half done; nothing is dead."""
        dead = await self._rows(
            "SELECT job, arguments, error FROM outbox WHERE organization_id = $1 AND status = 'dead'"
        )
        found.wrong += [f"dead job {tuple(row)}" for row in dead]
        found.lost += [f"job {row}" for row in await unfinished(self.database, self.crowd)]

    async def _audit(self, found: Findings, ledger: Ledger) -> None:
        """I14: one entry for each change, written with it."""
        query = "SELECT subject_id FROM audit_entries WHERE organization_id = $1 AND action = "
        for what, action, owed in (
            ("completed", "enrollment.completed", "enrollments WHERE status = 'completed' AND"),
            ("created", "enrollment.created", "enrollments WHERE source = 'self' AND"),
            ("graded", "response.graded", "pending_responses WHERE graded_at IS NOT NULL AND"),
        ):
            wanted = await self._rows(f"SELECT id::text FROM {owed} organization_id = $1")
            entries = await self._rows(f"{query}'{action}'")
            found.differ(f"audit entry {what}", [row[0] for row in wanted], [row[0] for row in entries])
        [counted] = await self._rows(
            "SELECT (SELECT coalesce(sum((details->>'assigned')::int), 0) FROM audit_entries"
            " WHERE organization_id = $1 AND action = 'course.assigned'),"
            " (SELECT count(*) FROM enrollments WHERE organization_id = $1 AND source <> 'self')"
        )
        if counted[0] != counted[1]:
            found.wrong.append(f"audit entries of {counted[0]} assignments for {counted[1]}")


def _stored(sent: dict[str, Any]) -> dict[str, Any]:
    """Answers by question as the attempt keeps them."""
    return {
        question: {name: value for name, value in given.items() if name != "question_id"}
        for question, given in sent.items()
    }


async def unfinished(database: Database, crowd: Crowd) -> list[str]:
    """Work that is still to be done for an organization; the dead receiver's deliveries wait for ever."""
    rows = await database.fetch(
        "SELECT job || ' ' || o.status || ' ' || coalesce(o.error, '') FROM outbox o"
        " WHERE o.organization_id = $1 AND o.status IN ('queued', 'leased')"
        " AND coalesce(o.arguments->>'webhook_id', 'none') <> $2::text"
        " UNION ALL SELECT 'event without a place' FROM events WHERE organization_id = $1 AND position IS NULL",
        crowd.world.id,
        crowd.hooks.get("dead", "no dead one"),
    )
    return [row[0] for row in rows]
