"""Attestations: texts that learners sign with their names. Whose, when, which text, and who is asked again."""

import json
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text
from tests.kit.attestations import OATH, hash_of, oath, sign
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.world import Json, World

from learning_service.domain.courses.rules.moving import same_items
from learning_service.domain.courses.rules.tree import parse_tree


async def test_a_signature_completes_the_item_and_the_first_one_stands(world: World) -> None:
    at = await Learner.enter(world, tree(lesson(), oath()))
    [_, shown] = (await at.call.ok("GET", f"/api/courses/{at.course}/modules/"))["items"][0]["items"]
    assert shown == {
        "kind": "attestation",
        "id": at.ids["Oath"],
        "key": shown["key"],
        "title": "Oath",
        "required": True,
        "kept": False,
        "completed_at": None,
        "text_html": OATH,
        "text_hash": hash_of(OATH),
    }
    progress = await at.read()
    assert progress["next_item"] == {"kind": "attestation", "id": shown["id"], "title": "Oath"}
    signed = await sign(at)
    assert signed == {
        "typed_name": "Ana Exemplar",
        "signed_at": signed["signed_at"],
        "text_hash": hash_of(OATH),
    }
    assert await at.status() == "completed"
    assert await sign(at, "Somebody Else") == signed
    modules = await at.call.ok("GET", f"/api/courses/{at.course}/modules/")
    completed = modules["items"][0]["items"][1]["completed_at"]
    # One of them leaves out zeros at the end of a fraction.
    assert datetime.fromisoformat(completed) == datetime.fromisoformat(signed["signed_at"])
    trail = await world.admin.ok("GET", "/api/audit/?action=attestation.signed")
    assert [(one["actor"], one["enrollment_id"]) for one in trail["items"]] == [("ana", at.enrollment_id)]
    assert "Exemplar" not in json.dumps(trail)


NO_NAMES: list[tuple[Json, str]] = [
    ({}, "required"),
    ({"typed_name": None}, "wrong-type"),
    ({"typed_name": ""}, "too-short"),
    ({"typed_name": " \u2800"}, "empty"),
    ({"typed_name": "a" * 201}, "too-long"),
    ({"typed_name": "Ana\u202eB"}, "not-allowed"),
    ({"typed_name": "Ana\nB"}, "not-allowed"),
    ({"typed_name": "Ana", "text_hash": "0"}, "unknown-field"),
]


async def test_what_is_no_name_signs_nothing(world: World) -> None:
    at = await Learner.enter(world, tree(oath()))
    for body, code in NO_NAMES:
        refused = await at.call("POST", at.path("Oath", "sign"), body)
        assert refused.status_code == 422, (body, refused.text)
        assert refused.json()["errors"][0]["code"] == code, body
        assert await at.status() == "in_progress", body


async def test_nobody_else_signs_and_nothing_else_is_signed(world: World) -> None:
    at = await Learner.enter(world, tree(lesson(), oath(), quiz()))
    body = {"typed_name": "Bob"}
    for stranger in (world.member("bob"), world.call_as("ana2", "national_admin")):
        refused = await stranger("POST", at.path("Oath", "sign"), body)
        assert refused.status_code in (403, 404), refused.text
    assert (await world.member("bob")("POST", at.path("Oath", "sign"), body)).status_code == 404
    for title in ("L", "Q"):
        path = f"/api/attestations/{at.ids[title]}/sign/"
        assert (await at.call("POST", path, body)).status_code == 404
    assert (await at.call("POST", f"/api/lessons/{at.ids['Oath']}/complete/")).status_code == 404
    assert await at.status() == "in_progress"


async def test_it_waits_for_its_turn_and_not_for_the_withdrawn(world: World) -> None:
    at = await Learner.enter(world, tree(lesson(), oath(), lesson("M")), sequence="ordered")
    refused = await at.call("POST", at.path("Oath", "sign"), {"typed_name": "Ana"})
    assert (refused.status_code, refused.json()["code"]) == (409, "items-missing")
    await at.read()
    refused = await at.call("POST", at.path("M", "complete"))
    assert refused.json()["missing"] == [{"kind": "attestation", "id": at.ids["Oath"], "title": "Oath"}]
    await world.admin.ok("POST", f"/api/enrollments/{at.enrollment_id}/withdraw/", {"reason": "Left"})
    refused = await at.call("POST", at.path("Oath", "sign"), {"typed_name": "Ana"})
    assert (refused.status_code, refused.json()["code"]) == (409, "withdrawn")


async def test_a_renewal_on_another_text_asks_again(world: World) -> None:
    at = await Learner.enter(world, tree(oath()), recertification_cadence="P1M")
    first = await sign(at)
    path = f"/api/courses/{at.course}/draft/"
    draft = await world.admin("GET", path)
    changed = draft.json()
    changed["modules"][0]["items"][0]["text_html"] = "<p>I will keep the new policy.</p>"
    put = {"headers": {"If-Match": draft.headers["etag"]}}
    stored = await world.admin.ok("PUT", path, changed, **put)
    assert stored["modules"][0]["items"][0]["key"] == changed["modules"][0]["items"][0]["key"]
    await world.admin.ok("POST", f"/api/courses/{at.course}/publish/")
    diff = await world.admin.ok("GET", f"/api/courses/{at.course}/versions/2/diff/?against=1")
    assert [(one["kind"], one["impact"]) for one in diff["changes"]] == [("attestation", "content")]
    async with world.worker.transaction(world.id) as session:
        await session.execute(
            text("UPDATE course_completions SET expires_at = now() - interval '1 day' WHERE course_id = :id"),
            {"id": at.course},
        )
    again = await Learner.join(world.member(), at.course)
    assert await again.status() == "in_progress"
    second = await sign(again, "Ana E.")
    assert (second["typed_name"], second["text_hash"]) == (
        "Ana E.",
        hash_of("<p>I will keep the new policy.</p>"),
    )
    assert second["text_hash"] != first["text_hash"]


async def test_the_text_is_part_of_the_version(world: World) -> None:
    draft = tree(lesson(), oath(required=False))
    course = await world.course(draft)
    shown = await world.admin.ok("GET", f"/api/courses/{course['id']}/versions/1/")
    item = shown["modules"][0]["items"][1]
    assert item == {**oath(required=False), "key": item["key"]}
    again = await world.admin.ok("POST", f"/api/courses/{course['id']}/duplicate/")
    copied = await world.admin.ok("GET", f"/api/courses/{again['id']}/draft/")
    assert copied["modules"][0]["items"][1]["text_html"] == OATH
    for content in ("", "<p>&nbsp;</p>"):
        with pytest.raises(Exception, match="nothing to sign"):
            await world.course(tree(oath(text_html=content)))


async def test_the_learner_gets_what_they_signed_and_erasing_takes_the_name(world: World) -> None:
    at = await Learner.enter(world, tree(oath()))
    signed = await sign(at, "Quintessa Zabriskie")
    [mine] = (await at.call.ok("GET", "/api/users/export/"))["enrollments"]
    [kept] = mine["attestations"]
    assert kept == {"key": kept["key"], **signed}
    await world.directory.ok("DELETE", "/api/directory/members/ana/")
    async with world.worker.transaction(world.id) as session:
        rows = await session.execute(
            text("SELECT typed_name, text_hash, user_id FROM attestation_signatures")
        )
        [(name, text_hash, user)] = [row for row in rows if row.text_hash == hash_of(OATH)]
    assert (name, text_hash) == (None, hash_of(OATH))
    assert user.startswith("erased/")


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({}, True),
        ({"title": "Another title"}, True),
        ({"required": False}, True),
        ({"text_html": "<p>Something else</p>"}, False),
        ({"text_html": OATH.replace("<p>", '<p dir="ltr">')}, False),
    ],
)
def test_who_moves_to_another_version_keeps_what_they_signed_while_its_text_stays(
    change: Json, kept: bool
) -> None:
    def version(**changes: Any) -> Any:
        module = {"key": "m", "title": "M", "items": [oath(key="o", **changes)]}
        return parse_tree(json.dumps({"title": "Course", "modules": [module]}))

    assert same_items(version(), version(**change)) == ({"o"} if kept else set())
