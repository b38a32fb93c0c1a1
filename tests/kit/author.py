"""An author at work on one course, through the contract alone."""

import copy
from dataclasses import dataclass
from typing import Any

import httpx

from tests.kit.world import Caller, Json, World, small_tree

PATCH_TYPE = "application/json-patch+json"


@dataclass
class Author:
    """A course and somebody who writes it."""

    caller: Caller
    course: str

    @classmethod
    async def starts(cls, world: World, tree: Json | None = None, **policy: Any) -> "Author":
        """A course of the national administrator with this tree as its draft."""
        made = await world.course(tree, publish=False, **policy)
        return cls(world.admin, made["id"])

    @property
    def path(self) -> str:
        """The course's address."""
        return f"/api/courses/{self.course}"

    async def draft(self) -> tuple[Json, str]:
        """The draft and its entity tag."""
        answer = await self.caller("GET", f"{self.path}/draft/")
        assert answer.status_code == 200, answer.text
        return answer.json(), answer.headers["etag"]

    async def put(self, tree: Json, etag: str | None = None) -> httpx.Response:
        """Save the tree over the state with this tag, or over whatever is there."""
        etag = etag or (await self.draft())[1]
        return await self.caller("PUT", f"{self.path}/draft/", tree, headers={"If-Match": etag})

    async def patch(self, *operations: Json, etag: str | None = None) -> httpx.Response:
        """Apply a JSON Patch."""
        etag = etag or (await self.draft())[1]
        headers = {"If-Match": etag, "Content-Type": PATCH_TYPE}
        return await self.caller("PATCH", f"{self.path}/draft/", list(operations), headers=headers)

    async def saved(self, tree: Json) -> Json:
        """Save, insisting on success."""
        answer = await self.put(tree)
        assert answer.status_code == 200, answer.text
        result: Json = answer.json()
        return result

    async def publish(self, note: str | None = None) -> Json:
        """Publish, insisting on success."""
        body = {} if note is None else {"note": note}
        result: Json = await self.caller.ok("POST", f"{self.path}/publish/", body)
        return result


def without_keys(value: Any) -> Any:
    """The same JSON without any `key`."""
    if isinstance(value, dict):
        return {name: without_keys(part) for name, part in value.items() if name != "key"}
    return [without_keys(part) for part in value] if isinstance(value, list) else value


def changed(tree: Json, pointer: str, value: Any) -> Json:
    """A copy of the tree with another value at the pointer."""
    result = copy.deepcopy(tree)
    *path, last = pointer.strip("/").split("/")
    node: Any = result
    for step in path:
        node = node[int(step)] if isinstance(node, list) else node[step]
    node[int(last) if isinstance(node, list) else last] = value
    return result


def rich_tree(**changes: Any) -> Json:
    """A tree with a question of every type."""
    tree = small_tree(**changes)
    tree["modules"][0]["items"].append(
        {
            "kind": "quiz",
            "title": "Everything",
            "required": False,
            "questions": [
                {"type": "true_false", "prompt_html": "<p>t</p>", "points": 1, "correct": True},
                {
                    "type": "multi_select",
                    "prompt_html": "<p>m</p>",
                    "points": 2.5,
                    "answers": [{"text": "a", "is_correct": True}, {"text": "b", "is_correct": False}],
                },
                {
                    "type": "short_answer",
                    "prompt_html": "<p>s</p>",
                    "points": 1,
                    "accepted_answers": ["x*"],
                },
                {"type": "free_form", "prompt_html": "<p>f</p>", "points": 5, "rubric_html": "<p>r</p>"},
            ],
        }
    )
    return tree
