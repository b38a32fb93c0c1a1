"""Assigning by hand, from outside."""

from datetime import UTC, datetime, timedelta

from tests.kit.assignments import LESSON, finish
from tests.kit.world import World, small_tree


async def test_members_by_id(world: World) -> None:
    course = await world.course(small_tree(**LESSON))
    path = f"/api/courses/{course['id']}/assign/"
    due = datetime.now(UTC) + timedelta(days=9)
    body = {"user_ids": ["ana", "bob", "nobody", "ana"], "due_at": due.isoformat()}
    assert await world.admin.ok("POST", path, body) == {
        "assigned": 2,
        "already_enrolled": 0,
        "skipped": [{"user_id": "nobody", "reason": "unknown-member"}],
    }
    [enrollment] = (await world.member().ok("GET", "/api/users/enrollments/"))["items"]
    assert enrollment["status"] == "assigned"
    assert enrollment["source"] == "admin"
    assert enrollment["due_at"] == due.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    again = await world.admin.ok("POST", path, {"user_ids": ["ana", "bob"]})
    assert again == {"assigned": 0, "already_enrolled": 2, "skipped": []}
    await finish(world, "ana", course["id"])
    after = await world.admin.ok("POST", path, {"user_ids": ["ana", "bob"]})
    assert after == {
        "assigned": 0,
        "already_enrolled": 1,
        "skipped": [{"user_id": "ana", "reason": "completed"}],
    }


async def test_who_may_assign_whom(world: World) -> None:
    course = await world.course()
    path = f"/api/courses/{course['id']}/assign/"
    everyone = {"user_ids": ["ana", "bob", "cyd", "dan", "eve"]}
    assert (await world.member()("POST", path, everyone)).status_code == 403
    chapter = await world.call_as("x", "chapter_admin:n2").ok("POST", path, everyone)
    assert chapter["assigned"] == 1
    assert [s["user_id"] for s in chapter["skipped"]] == ["ana", "bob", "dan", "eve"]
    assert {s["reason"] for s in chapter["skipped"]} == {"unknown-member"}
    region = await world.call_as("y", "regional_admin:north").ok("POST", path, {"audience_filter": {}})
    assert region == {"assigned": 2, "already_enrolled": 1, "skipped": []}
    northern = await world.course(scope="regional", scope_id="north")
    path = f"/api/courses/{northern['id']}/assign/"
    assert (await world.call_as("z", "chapter_admin:s1")("POST", path, everyone)).status_code == 404
    own = await world.admin.ok("POST", path, everyone)
    assert [s["user_id"] for s in own["skipped"]] == ["dan", "eve"]


async def test_what_is_refused(world: World) -> None:
    course = await world.course()
    path = f"/api/courses/{course['id']}/assign/"
    past = (datetime.now(UTC) - timedelta(seconds=5)).isoformat()
    bad = [
        {},
        {"user_ids": ["ana"], "audience_filter": {}},
        {"user_ids": []},
        {"user_ids": ["a b"]},
        {"user_ids": ["ana"], "due_at": past},
        {"user_ids": ["ana"], "due_at": "2999-01-01T00:00:00"},
        {"user_ids": ["ana"], "due_at": "9999-12-31T23:59:59Z"},
        {"user_ids": ["ana"], "due_on": "2999-01-01"},
        {"user_ids": ["u"] * 5001},
        {"audience_filter": {"staus": ["active"]}},
        {"audience_filter": {"status": "active"}},
        {"audience_filter": {"status": []}},
        {"audience_filter": {"chapters": ["nowhere"]}},
        {"audience_filter": {"regions": ["north", "nowhere"]}},
        {"audience_filter": {"custom_fields": {"gpa": {"between": 3}}}},
        {"audience_filter": {"custom_fields": {"gpa": {}}}},
        {"audience_filter": {"custom_fields": {"gpa": {"gte": True}}}},
        {"audience_filter": {"custom_fields": {"gpa": [[1]]}}},
    ]
    for body in bad:
        assert (await world.admin("POST", path, body)).status_code == 422, body
    refused = await world.admin("POST", path, {"audience_filter": {"regions": ["north", "nowhere"]}})
    assert refused.json()["errors"][0]["pointer"] == "/audience_filter/regions/1"
    draft = await world.course(publish=False)
    response = await world.admin("POST", f"/api/courses/{draft['id']}/assign/", {"user_ids": ["ana"]})
    assert (response.status_code, response.json()["code"]) == (409, "not-published")
    await world.admin.ok("POST", f"/api/courses/{course['id']}/archive/")
    response = await world.admin("POST", path, {"user_ids": ["ana"]})
    assert (response.status_code, response.json()["code"]) == (409, "not-published")


async def test_an_audience_passes_over_the_failed_and_ids_do_not(world: World) -> None:
    tree = small_tree()
    tree["assessment"]["max_attempts"] = 1
    course = await world.course(tree)
    ana = world.member()
    await ana.ok("POST", f"/api/courses/{course['id']}/enroll/")
    shown = await ana.ok("GET", f"/api/courses/{course['id']}/modules/")
    await ana.ok("POST", f"/api/assessments/{shown['assessment']['id']}/submit/", {"responses": []})
    path = f"/api/courses/{course['id']}/assign/"
    audience = await world.admin.ok("POST", path, {"audience_filter": {"chapters": ["n1"]}})
    assert audience == {
        "assigned": 1,
        "already_enrolled": 0,
        "skipped": [{"user_id": "ana", "reason": "failed"}],
    }
    named = await world.admin.ok("POST", path, {"user_ids": ["ana"]})
    assert named == {"assigned": 1, "already_enrolled": 0, "skipped": []}
