"""Lists of who signed what: their reach, filters, order and files."""

import csv
import io

import pytest
from fastapi import FastAPI
from tests.kit.attestations import OATH, hash_of, oath, sign
from tests.kit.direct import Database
from tests.kit.learner import Learner, lesson, tree
from tests.kit.plans import excess, measured
from tests.kit.workbooks import workbook
from tests.kit.world import Json, World

SIGNATURES = "/api/attestations/signatures/"
OTHER = "<p>I will keep the policy of this year.</p>"
# Nobody asks whose they are: what the planner knows of the table is made of them.
SIGNED = """INSERT INTO attestation_signatures (organization_id, enrollment_id, key, text_hash, user_id, course_id,
        typed_name, signed_at)
    SELECT $1 || CASE WHEN n > 1000 THEN n % 100 || '' ELSE '' END, gen_random_uuid(), s.key, s.text_hash, s.user_id,
        CASE WHEN n > 1000 THEN md5('c' || n % 100)::uuid ELSE s.course_id END, 'Ana',
        s.signed_at - n * interval '1 minute'
    FROM attestation_signatures s, generate_series(1, 30000) n WHERE s.organization_id = $1"""


async def listed(world: World, query: str = "") -> list[Json]:
    return list((await world.admin.ok("GET", SIGNATURES + query))["items"])


async def test_administrators_see_who_signed_which_text_when_and_whose_text_changed(world: World) -> None:
    ana = await Learner.enter(world, tree(lesson(), oath()))
    signed = await sign(ana)
    [row] = await listed(world)
    draft = f"/api/courses/{ana.course}/draft/"
    shown = await world.admin("GET", draft)
    content = shown.json()
    content["modules"][0]["items"][1] |= {"text_html": OTHER, "title": "Promise"}
    await world.admin.ok("PUT", draft, content, headers={"If-Match": shown.headers["ETag"]})
    assert row["outdated"] is False, "what is not published changes nothing"
    assert (await listed(world))[0] == row
    await world.admin.ok("POST", f"/api/courses/{ana.course}/publish/")
    bob = await Learner.join(world.member("bob"), ana.course)
    await sign(bob, "B. Example", "Promise")
    second, first = await listed(world)
    assert first == row | {"outdated": True}
    assert row == {
        "enrollment_id": row["enrollment_id"],
        "user_id": "ana",
        "display_name": "Ana",
        "chapter_id": "n1",
        "chapter_name": row["chapter_name"],
        "course_id": ana.course,
        "course_title": row["course_title"],
        "attestation_key": row["attestation_key"],
        "attestation_title": "Oath",
        "version": 1,
        "text_hash": hash_of(OATH),
        "typed_name": "Ana Exemplar",
        "signed_at": signed["signed_at"],
        "outdated": False,
    }
    assert (second["user_id"], second["version"], second["attestation_title"]) == ("bob", 2, "Promise")
    assert (second["text_hash"], second["typed_name"]) == (hash_of(OTHER), "B. Example")
    assert [one["user_id"] for one in await listed(world, "?outdated=true")] == ["ana"]
    assert [one["user_id"] for one in await listed(world, "?outdated=false")] == ["bob"]


async def test_each_administrator_sees_their_own_members(world: World) -> None:
    ana = await Learner.enter(world, tree(lesson(), oath()))
    await sign(ana)
    for user in ("cyd", "dan"):
        await sign(await Learner.join(world.member(user), ana.course), user)
    assert len(await listed(world)) == 3
    for role, seen in {
        "regional_admin:north": ["cyd", "ana"],
        "regional_admin:south": ["dan"],
        "chapter_admin:n1": ["ana"],
        "chapter_admin:s2": [],
    }.items():
        found = (await world.call_as("x", role).ok("GET", SIGNATURES))["items"]
        assert [one["user_id"] for one in found] == seen, role
    for caller in (world.member(), world.call_as("g", "grader"), world.directory):
        assert (await caller("GET", SIGNATURES)).status_code == 403
    for query, seen in {
        "?chapter_id=n1": ["ana"],
        "?region_id=south": ["dan"],
        "?user_id=cyd": ["cyd"],
        f"?course_id={ana.course}&chapter_id=s1": ["dan"],
        "?course_id=00000000-0000-7000-8000-000000000000": [],
        "?chapter_id=nowhere": [],
    }.items():
        assert [one["user_id"] for one in await listed(world, query)] == seen, query
    await world.directory.ok("DELETE", "/api/directory/members/dan/")
    assert [one["user_id"] for one in await listed(world)] == ["cyd", "ana"]


async def test_pages_and_files_have_all_of_it(world: World) -> None:
    ana = await Learner.enter(world, tree(lesson(), oath()))
    await sign(ana, '=HYPERLINK("x")')
    for user in ("bob", "cyd"):
        await sign(await Learner.join(world.member(user), ana.course), user)
    first = await world.admin.ok("GET", f"{SIGNATURES}?limit=2")
    rest = await world.admin.ok("GET", f"{SIGNATURES}?limit=2&cursor={first['next_cursor']}")
    assert [one["user_id"] for one in first["items"] + rest["items"]] == ["cyd", "bob", "ana"]
    assert rest["next_cursor"] is None
    answer = await world.admin("GET", f"{SIGNATURES}?limit=1", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["user_id"] for row in rows] == ["cyd", "bob", "ana"]
    assert rows[2]["typed_name"] == '\'=HYPERLINK("x")'
    assert set(rows[0]) == set(first["items"][0])
    book = await workbook(world.admin, SIGNATURES)
    assert [row["typed_name"] for row in book] == ["cyd", "bob", '=HYPERLINK("x")']


async def test_a_page_reads_no_more_than_its_signatures_beside_many_of_others(
    world: World, app: FastAPI, database: Database
) -> None:
    ana = await Learner.enter(world, tree(lesson(), oath()))
    signed = await sign(ana)
    await database("SET session_replication_role = replica")
    await database(SIGNED, world.id)
    await database("RESET session_replication_role")
    await database("VACUUM (ANALYZE) attestation_signatures")
    with measured(app.state.context) as done:
        first, second = await listed(world, "?limit=2")
    assert (first["signed_at"], second["typed_name"]) == (signed["signed_at"], "Ana")
    assert not excess("a page of two", done, 200)


@pytest.mark.parametrize(
    "query", ["?outdated=maybe", "?course_id=x", "?chapter_id=a%20b", "?cursor=x", "?limit=0", "?version=1"]
)
async def test_what_no_filter_can_be_is_refused(world: World, query: str) -> None:
    assert (await world.admin("GET", SIGNATURES + query)).status_code == 422
