"""An organization driven from outside, through the contract alone."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from learning_devstack.tokens import mint_token
from learning_service.context import Context
from tests.kit.founding import found
from tests.kit.publishing import make_course
from tests.kit.running import Runner

Json = dict[str, Any]


@dataclass(frozen=True)
class Signer:
    """The tests' identity provider."""

    private_key: str
    key_id: str
    jwks_file: Path
    issuer: str = "https://id.example.org"

    def token(self, organization: str, user: str, **claims: Any) -> str:
        """A token; `roles` and `scopes` as lists."""
        return mint_token(
            self.private_key,
            issuer=self.issuer,
            audience="learning-service",
            key_id=self.key_id,
            organization_id=organization,
            user_id=user,
            now=datetime.now(UTC),
            **claims,
        )


@dataclass
class Caller:
    """Somebody with a token. Calls answer the response; `ok` calls also insist on success."""

    http: httpx.AsyncClient
    token: str
    user: str

    async def __call__(self, method: str, path: str, json: Any = None, **options: Any) -> httpx.Response:
        """One request."""
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        if json is not None:
            options["json"] = json
        return await self.http.request(method, path, headers=headers, **options)

    async def ok(self, method: str, path: str, json: Any = None, **options: Any) -> Any:
        """One request that must succeed; its JSON."""
        response = await self(method, path, json, **options)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None


@dataclass
class World:
    """A fresh organization: regions north and south, chapters n1 n2 s1 s2, a member in each."""

    http: httpx.AsyncClient
    signer: Signer
    worker: Context
    id: str = field(default_factory=lambda: f"org-{uuid.uuid4().hex[:10]}")
    elsewhere: bool = False
    """Whether the application is on another database than the worker."""

    def call_as(self, user: str, *roles: str, scopes: Sequence[str] = (), **claims: Any) -> Caller:
        """A caller with these roles and scopes."""
        token = self.signer.token(self.id, user, roles=list(roles), scopes=list(scopes), **claims)
        return Caller(self.http, token, user)

    @property
    def directory(self) -> Caller:
        """The membership service."""
        return self.call_as("membership-service", scopes=["directory:write"])

    @property
    def admin(self) -> Caller:
        """A national administrator who is no member."""
        return self.call_as("boss", "national_admin")

    def member(self, user: str = "ana") -> Caller:
        """A member."""
        return self.call_as(user)

    async def found(self, *, alone: bool = False) -> None:
        """Push the directory past HTTP: every test begins with this. `alone`: no job of an earlier test is left."""
        await found(self.worker, self.id, alone=alone)

    async def push(self) -> None:
        """The same by HTTP, for an application on another database than the worker's."""
        self.elsewhere = True
        push = self.directory.ok
        await push(
            "PUT",
            f"/api/directory/organizations/{self.id}/",
            {"name": "Alpha & Co", "timezone": "America/New_York"},
        )
        for region in ("north", "south"):
            await push(
                "PUT",
                f"/api/directory/regions/{region}/",
                {"organization_id": self.id, "name": region.title()},
            )
            for n in (1, 2):
                body = {"region_id": region, "name": f"{region} {n}"}
                await push("PUT", f"/api/directory/chapters/{region[0]}{n}/", body)
        await push(
            "PUT",
            "/api/directory/compliance-requirements/hazing/",
            {"organization_id": self.id, "name": "Hazing"},
        )
        for user, chapter in (("ana", "n1"), ("bob", "n1"), ("cyd", "n2"), ("dan", "s1"), ("eve", "s2")):
            await self.add_member(user, chapter)

    async def add_member(self, user: str, chapter: str = "n1", **facts: Any) -> None:
        """Push one member."""
        body = {
            "chapter_id": chapter,
            "status": "active",
            "display_name": user.title(),
            "email": f"{user}@example.org",
            "custom_fields": {},
            **facts,
        }
        await self.directory.ok("PUT", f"/api/directory/members/{user}/", body)

    async def course(self, tree: Json | None = None, *, publish: bool = True, **policy: Any) -> Json:
        """A course with this tree (default `small_tree()`), published unless told otherwise.

        Made like `found`, and by HTTP where that does not reach.
        """
        tree = tree or small_tree()
        body = {"title": tree["title"], "scope": "national", **policy}
        if self.elsewhere:
            return await self._push_course(tree, body, publish=publish)
        return await make_course(self.worker, self.id, body, tree, publish=publish)

    async def _push_course(self, tree: Json, body: Json, *, publish: bool) -> Json:
        made: Json = await self.admin.ok("POST", "/api/courses/", body)
        path = f"/api/courses/{made['id']}"
        await self.admin.ok("PUT", f"{path}/draft/", tree, headers={"If-Match": "*"})
        return await self.admin.ok("POST", f"{path}/publish/") if publish else made

    async def run_jobs(self) -> None:
        """Do everything that is due, as the worker does."""
        await asyncio.wait_for(Runner(self.worker).run_until_idle(), 100)


def right(question: Mapping[str, Any], answer: Mapping[str, Any]) -> Json:
    """A response to a shown question: `answer` is `texts` of choices, a `value` or a `text`."""
    if "texts" in answer:
        chosen = [a["id"] for a in question["answers"] if a["text"] in answer["texts"]]
        return {"question_id": question["id"], "answer_ids": chosen}
    return {"question_id": question["id"], **answer}


def choice(prompt: str = "Which?", points: float = 1) -> Json:
    """A single choice whose right answer is `right`."""
    return {
        "type": "multiple_choice",
        "prompt_html": f"<p>{prompt}</p>",
        "points": points,
        "answers": [{"text": "right", "is_correct": True}, {"text": "wrong", "is_correct": False}],
    }


def small_tree(**changes: Any) -> Json:
    """A lesson, a quiz and an assessment of one choice each."""
    return {
        "title": "Hazing prevention",
        "pass_score": 80,
        "mastered_skills": [{"skill_id": "hazing-prevention", "name": "Hazing prevention"}],
        "modules": [
            {
                "title": "Know the law",
                "items": [
                    {"kind": "lesson", "title": "What it is", "body_html": "<p>Read.</p>"},
                    {
                        "kind": "quiz",
                        "title": "Check",
                        "pass_score": 70,
                        "max_attempts": 3,
                        "questions": [choice()],
                    },
                ],
            }
        ],
        "assessment": {
            "title": "Final",
            "pass_score": 80,
            "max_attempts": 2,
            "questions": [choice("Final?")],
        },
        **changes,
    }
