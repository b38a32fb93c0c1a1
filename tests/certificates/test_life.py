"""The life of a certificate from outside: verified, revoked, reissued, renewed, listed; and who may do what."""

import asyncio
import uuid
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import text
from tests.kit.earned import Earned, earn
from tests.kit.world import Json, World

from learning_service.domain.certificates.rules.codes import printed_code


@pytest.fixture
async def earned(world: World) -> Earned:
    """Ana's certificate."""
    return await earn(world)


async def test_revocation_is_seen_at_once_and_takes_the_compliance_with_it(earned: Earned) -> None:
    [before] = (await earned.member.ok("GET", "/api/users/compliance/"))["items"]
    assert before["status"] == "complete"
    answer = await earned.revoke()
    assert (answer.status_code, answer.json()["status"]) == (200, "revoked")
    seen = await earned.verify()
    assert (seen["status"], seen["revoked_at"]) == ("revoked", answer.json()["revoked_at"])
    [after] = (await earned.member.ok("GET", "/api/users/compliance/"))["items"]
    assert (after["status"], after["completed_at"]) == ("not_started", None)
    assert len((await earned.member.ok("GET", "/api/users/skills/"))["items"]) == 1
    page = await earned.world.http.get(f"/certificates/{earned.id}/verify/")
    assert "revoked" in page.text
    for public in (page.text, str(seen)):
        assert "Fraud" not in public
    again = await earned.revoke()
    assert (again.status_code, again.json()["code"]) == (409, "certificate-revoked")
    refused = await earned.reissue()
    assert (refused.status_code, refused.json()["code"]) == (409, "certificate-revoked")


async def test_a_revocation_is_told_and_audited(earned: Earned) -> None:
    await earned.revoke()
    async with earned.world.worker.transaction(None) as session:
        told = (
            await session.execute(
                text(
                    "SELECT data FROM events WHERE type = 'learning.certificate.revoked' AND organization_id = :o"
                ),
                {"o": earned.world.id},
            )
        ).scalars()
        [data] = told
        audited = await session.execute(
            text(
                "SELECT actor, details FROM audit_entries WHERE action = 'certificate.revoked' AND subject_id = :i"
            ),
            {"i": earned.id},
        )
        [(actor, details)] = audited
    assert (data["certificate_id"], data["user_id"]) == (earned.id, "ana")
    assert actor == "boss"
    assert "Fraud" not in str(details) + str(data)


async def test_another_valid_completion_keeps_the_requirement_met(earned: Earned) -> None:
    await earn(earned.world)
    await earned.revoke()
    [status] = (await earned.member.ok("GET", "/api/users/compliance/"))["items"]
    assert status["status"] == "complete"


async def test_a_revoked_member_may_take_the_course_again(earned: Earned) -> None:
    await earned.revoke()
    again = await earn(earned.world, course=earned.course)
    assert again.id != earned.id
    assert (await earned.verify())["status"] == "revoked"
    assert (await again.verify())["status"] == "valid"


async def test_a_reissue_supersedes_the_old_one_at_once(earned: Earned) -> None:
    before = await earned.verify()
    answer = await earned.reissue()
    assert answer.status_code == 201, answer.text
    new = answer.json()
    assert new["id"] != earned.id
    assert uuid.UUID(new["id"]).version == 4
    old = await earned.verify()
    assert (old["status"], old["superseded_by"], old["recipient_name"]) == ("superseded", new["id"], "Ana")
    seen = await earned.verify(new["id"])
    assert (seen["status"], seen["recipient_name"]) == ("valid", "Ana María Ruiz")
    assert (seen["expires_at"], seen["course_title"]) == (before["expires_at"], before["course_title"])
    [status] = (await earned.member.ok("GET", "/api/users/compliance/"))["items"]
    assert status["status"] == "complete"
    again = await earned.reissue()
    assert (again.status_code, again.json()["code"]) == (409, "certificate-superseded")
    refused = await earned.revoke()
    assert (refused.status_code, refused.json()["code"]) == (409, "certificate-superseded")
    await earned.world.run_jobs()
    assert (await earned.pdf()).status_code == 307
    assert (await earned.pdf(certificate_id=new["id"])).status_code == 307


async def test_revoking_the_reissued_one_voids_the_completion(earned: Earned) -> None:
    new = (await earned.reissue()).json()["id"]
    admin = earned.world.admin
    await admin.ok("POST", f"/api/certificates/{new}/revoke/", {"reason": "Fraud"})
    assert (await earned.verify(new))["status"] == "revoked"
    [after] = (await earned.member.ok("GET", "/api/users/compliance/"))["items"]
    assert (after["status"], after["completed_at"]) == ("not_started", None)


async def test_two_at_once_have_one_winner(earned: Earned) -> None:
    answers = await asyncio.gather(
        *(earned.reissue() for _ in range(4)), *(earned.revoke() for _ in range(4))
    )
    won = [answer for answer in answers if answer.is_success]
    assert len(won) in (1, 2), [a.status_code for a in answers]
    assert {a.status_code for a in answers} <= {200, 201, 409}
    assert len([a for a in won if a.status_code == 201]) <= 1
    assert len(won) == 1 or won[0].status_code != won[1].status_code


async def test_a_renewal_supersedes_when_the_old_one_expires(earned: Earned) -> None:
    await earned.change("expires_at = now() + interval '5 days'")
    async with earned.world.worker.transaction(None) as session:
        await session.execute(
            text("UPDATE course_completions SET completed_at = now() - interval '360 days',"
                 " expires_at = now() + interval '5 days' WHERE user_id = 'ana'"
                 " AND organization_id = :o"), {"o": earned.world.id}
        )  # fmt: skip
    renewal = await earn(earned.world, course=earned.course)
    assert renewal.id != earned.id
    assert (await earned.verify())["status"] == "valid"
    await earned.change("expires_at = now() - interval '1 second'")
    seen = await earned.verify()
    assert (seen["status"], seen["superseded_by"]) == ("superseded", renewal.id)
    assert (await earned.reissue()).status_code == 409
    corrected = (await renewal.reissue()).json()["id"]
    assert (await earned.verify())["superseded_by"] == corrected
    await earned.world.admin.ok("POST", f"/api/certificates/{corrected}/revoke/", {"reason": "Fraud"})
    assert (await earned.verify())["status"] == "expired"


async def test_who_may(earned: Earned, other_world: World) -> None:
    world = earned.world
    north, south = world.call_as("rn", "regional_admin:north"), world.call_as("rs", "regional_admin:south")
    chapter = world.call_as("cn", "chapter_admin:n1")
    strangers = [world.member("bob"), south, chapter, other_world.admin, world.call_as("g", "grader")]
    for caller in strangers:
        for answer in (await earned.pdf(caller), await earned.revoke(caller), await earned.reissue(caller)):
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), answer.text
    for answer in (await earned.revoke(earned.member), await earned.reissue(earned.member)):
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await earned.pdf(north)).status_code == 202
    assert (await earned.reissue(north)).status_code == 201
    for path in ("pdf", "revoke", "reissue"):
        method = "GET" if path == "pdf" else "POST"
        anonymous = await world.http.request(method, f"/api/certificates/{earned.id}/{path}/")
        assert anonymous.status_code == 401
        for missing in (uuid.uuid4(), "nonsense"):
            answer = await world.admin(method, f"/api/certificates/{missing}/{path}/")
            assert answer.status_code == 404


WRONG_BODIES: list[Json] = [
    {"reason": ""},
    {"reason": "  "},
    {"reason": "a\u0000b"},
    {"reason": None},
    {"recipient_name": "x" * 400},
    {"recipient_name": "x\u0000"},
    {"recipient_name": "\u200b"},
    {"recipient_name": "a" + "\u0301" * 1000},
    {"recipient_name": "a\u202eb"},
    {"recipient_name": 7},
    {"other": 1},
]


async def test_wrong_bodies_change_nothing(earned: Earned) -> None:
    for body in WRONG_BODIES:
        assert (await earned.reissue(**body)).status_code == 422, body
        if "recipient_name" not in body:
            assert (await earned.revoke(**body)).status_code == 422, body
        assert (await earned.verify())["status"] == "valid", body


async def test_a_lone_surrogate_is_refused(earned: Earned) -> None:
    answer = await earned.world.admin(
        "POST",
        f"/api/certificates/{earned.id}/reissue/",
        content=b'{"recipient_name": "\\ud800", "reason": "x"}',
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 422


async def test_administrators_list_what_is_theirs(earned: Earned, other_world: World) -> None:
    world = earned.world
    dan = await earn(world, "dan", course=earned.course)

    async def ids(caller: Any, query: str = "") -> list[str]:
        return [item["id"] for item in (await caller.ok("GET", f"/api/certificates/{query}"))["items"]]

    assert await ids(world.admin) == [dan.id, earned.id]
    assert await ids(world.call_as("rn", "regional_admin:north")) == [earned.id]
    assert await ids(world.call_as("rs", "regional_admin:south")) == [dan.id]
    assert await ids(world.admin, "?user_id=dan") == [dan.id]
    assert await ids(world.admin, f"?course_id={earned.course['id']}&user_id=ana") == [earned.id]
    assert await ids(world.admin, f"?course_id={uuid.uuid4()}") == []
    assert await ids(other_world.admin) == []
    first = await world.admin.ok("GET", "/api/certificates/?limit=1")
    rest = await world.admin.ok("GET", f"/api/certificates/?limit=1&cursor={first['next_cursor']}")
    assert [first["items"][0]["id"], rest["items"][0]["id"], rest["next_cursor"]] == [dan.id, earned.id, None]
    [item] = (await world.admin.ok("GET", "/api/certificates/?user_id=ana"))["items"]
    assert (item["user_id"], item["recipient_name"], item["status"]) == ("ana", "Ana", "valid")
    for query in ("?user_id=a%20b", "?course_id=x", "?status=valid", "?limit=0", "?cursor=x"):
        assert (await world.admin("GET", f"/api/certificates/{query}")).status_code == 422, query
    for caller in (earned.member, world.call_as("c", "chapter_admin:n1")):
        assert (await caller("GET", "/api/certificates/")).status_code == 403


async def test_many_are_verified_in_the_order_asked(earned: Earned, other_world: World) -> None:
    other = await earn(other_world, "bob")
    await earned.revoke()
    asked = [str(uuid.uuid4()), other.id, "nonsense", earned.id, earned.id.upper()]
    answer = await earned.world.http.post("/api/certificates/verify/", json={"ids": asked})
    assert answer.status_code == 200
    items = answer.json()["items"]
    assert [(i["certificate_id"], i["status"]) for i in items] == [
        (asked[0], "unknown"),
        (other.id, "valid"),
        ("nonsense", "unknown"),
        (earned.id, "revoked"),
        (earned.id, "revoked"),
    ]
    assert items[0] == {"certificate_id": asked[0], "status": "unknown"}
    assert items[1] == await other.verify()
    assert items[3] == await earned.verify()


NO_LISTS: list[Json] = [
    {"ids": []},
    {"ids": ["x"] * 101},
    {"ids": [1]},
    {"ids": "x"},
    {},
    {"ids": ["\u0000"]},
    {"ids": ["x"], "a": 1},
]


async def test_many_refuses_other_bodies(world: World) -> None:
    for body in NO_LISTS:
        answer = await world.http.post("/api/certificates/verify/", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), body


async def test_renaming_changes_no_certificate(earned: Earned) -> None:
    before = await earned.verify()
    await earned.world.add_member("ana", display_name="Somebody Else")
    push = earned.world.directory.ok
    organization = {"name": "Beta", "timezone": "Asia/Tokyo"}
    await push("PUT", f"/api/directory/organizations/{earned.world.id}/", organization)
    assert await earned.verify() == before


async def test_the_looks_are_those_of_the_day_of_issue(world: World) -> None:
    looks = {
        "primary_color": "#7a1020",
        "signatory_name": "Jane Doe",
        "signatory_title": "President",
        "second_signatory_name": "Ada Roe",
    }
    await world.admin.ok("PATCH", "/api/organization/", looks)
    earned = await earn(world)
    later = {"primary_color": "#00ff00", "signatory_name": "John Roe", "second_signatory_name": None}
    await world.admin.ok("PATCH", "/api/organization/", later)
    async with world.worker.transaction(None) as session:
        row = await session.execute(
            text(f"SELECT {', '.join(looks)} FROM certificates WHERE id = :i"), {"i": uuid.UUID(earned.id)}
        )
        assert row.one()._asdict() == looks


async def test_public_answers_carry_their_headers(earned: Earned) -> None:
    http = earned.world.http
    answers = [
        await http.get(f"/api/certificates/{earned.id}/verify/"),
        await http.get(f"/certificates/{earned.id}/verify/"),
        await http.get(f"/certificates/{uuid.uuid4()}/verify/"),
        await http.get("/certificates/nonsense/verify/"),
        await http.post("/api/certificates/verify/", json={"ids": [earned.id]}),
    ]
    assert [a.status_code for a in answers] == [200, 200, 404, 404, 200]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "noindex" in answer.headers["x-robots-tag"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in answer.headers
    assert "default-src 'none'" in answers[1].headers["content-security-policy"]


async def test_the_page_speaks_the_language_that_its_address_asks_for(earned: Earned) -> None:
    for certificate, status in ((earned.id, 200), (str(uuid.uuid4()), 404)):
        for asked, spoken in (("?lang=es", "es"), ("?lang=xx", "fr"), ("", "fr")):
            page = await earned.world.http.get(
                f"/certificates/{certificate}/verify/{asked}", headers={"Accept-Language": "fr"}
            )
            assert (page.status_code, page.headers["content-language"]) == (status, spoken)
    page = await earned.world.http.get(f"/certificates/{earned.id}/verify/")
    # The check character may be one that an address writes as a number.
    assert f"certId={quote(printed_code(await earned.code()))}" in page.text
