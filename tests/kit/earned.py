"""Certificates as members earn them: by the one lesson of a course."""

import uuid
from dataclasses import dataclass
from typing import Any

import httpx

from learning_service.domain.certificates.queries.public import code_of_certificate
from learning_service.domain.certificates.rules.codes import printed_code
from tests.kit import documents as files
from tests.kit.sending import send, settled
from tests.kit.world import Caller, Json, World

TREE: Json = {
    "title": "Hazing prevention",
    "pass_score": 80,
    "mastered_skills": [{"skill_id": "hazing-prevention", "name": "Hazing prevention"}],
    "modules": [
        {
            "title": "Know the law",
            "items": [{"kind": "lesson", "title": "What it is", "body_html": "<p>Read.</p>"}],
        }
    ],
}
POLICY: Json = {"recertification_cadence": "P1Y", "linked_compliance_requirement": "hazing"}


@dataclass(frozen=True)
class Earned:
    """A member's certificate, and everything around it."""

    world: World
    course: Json
    member: Caller
    id: str

    async def verify(self, certificate_id: str | None = None) -> Json:
        """What anyone is told of this certificate, or of another."""
        answer = await self.world.http.get(f"/api/certificates/{certificate_id or self.id}/verify/")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def revoke(self, caller: Caller | None = None, **body: Any) -> httpx.Response:
        """Revoke it, as the administrator unless told otherwise."""
        caller = caller or self.world.admin
        return await caller("POST", f"/api/certificates/{self.id}/revoke/", {"reason": "Fraud", **body})

    async def reissue(self, caller: Caller | None = None, **body: Any) -> httpx.Response:
        """Reissue it, as the administrator unless told otherwise."""
        caller = caller or self.world.admin
        body = {"recipient_name": "Ana María Ruiz", "reason": "Misspelt", **body}
        return await caller("POST", f"/api/certificates/{self.id}/reissue/", body)

    async def pdf(self, caller: Caller | None = None, certificate_id: str | None = None) -> httpx.Response:
        """Ask for the PDF, as its owner unless told otherwise."""
        return await (caller or self.member)("GET", f"/api/certificates/{certificate_id or self.id}/pdf/")

    async def file(self) -> bytes:
        """The PDF as its owner downloads it."""
        path = f"/api/certificates/{self.id}/pdf/"
        answer = await self.member.ok("GET", path, headers={"Accept": "application/json"})
        async with httpx.AsyncClient() as plain:
            return (await plain.get(answer["url"])).content

    async def code(self, certificate_id: str | None = None) -> bytes:
        """The code that is printed on this certificate, or on another."""
        return await code_of(self.world, certificate_id or self.id)

    async def change(self, assignments: str, certificate_id: str | None = None, **values: Any) -> None:
        """Change the stored row, as time would."""
        async with self.world.worker.transaction(None) as session:
            connection = await session.connection()
            await connection.exec_driver_sql(
                f"UPDATE certificates SET {assignments} WHERE id = '{certificate_id or self.id}'"
            )


async def checked(world: World, content: bytes, kind: str) -> tuple[str, str | None]:
    """What anyone is told of a file, and of which certificate."""
    answer = await world.http.post("/api/certificates/check/", files={"file": ("sent", content, kind)})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return found["result"], (found["certificate"] or {}).get("certificate_id")


async def code_of(world: World, certificate_id: str) -> bytes:
    """The code that is printed on a certificate."""
    async with world.worker.transaction(None) as session:
        return await code_of_certificate(session, uuid.UUID(certificate_id))


async def printed_code_of(world: World, certificate_id: str) -> str:
    """The same as it is printed."""
    return printed_code(await code_of(world, certificate_id))


async def earn(world: World, user: str = "ana", course: Json | None = None, **tree: Any) -> Earned:
    """Have a member complete a course of one lesson."""
    course = course or await world.course({**TREE, **tree}, **POLICY)
    member = world.member(user)
    await member.ok("POST", f"/api/courses/{course['id']}/enroll/")
    modules = await member.ok("GET", f"/api/courses/{course['id']}/modules/")
    await member.ok("POST", f"/api/lessons/{modules['items'][0]['items'][0]['id']}/complete/")
    listed = await member.ok("GET", "/api/users/certificates/")
    [certificate] = [c for c in listed["items"] if c["course_id"] == course["id"]][:1]
    return Earned(world, course, member, certificate["id"])


async def with_logo(world: World, color: str) -> None:
    """Certificates bear a logo of this colour from now on."""
    ready = await settled(
        world, (await send(world.admin, files.picture(600, 200, "JPEG", color))).json()["id"]
    )
    await world.admin.ok("PATCH", "/api/organization/", {"logo": f"document:{ready['id']}"})
