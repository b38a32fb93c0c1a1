"""Every route of the learning path: who is turned away how."""

from typing import Any

import httpx
from tests.contract.course import NO_RESPONSES, Course, started
from tests.contract.directory import DIRECTORY, filled
from tests.kit.fields import random_id, refused, same_as_unknown
from tests.kit.world import World

NEW = {"title": "New", "scope": "national"}
# Method, path, body. `{…}` names an id of the course that ana is enrolled in.
LEARNING: list[tuple[str, str, Any]] = [
    ("GET", "/api/courses/{course}/", None),
    ("GET", "/api/courses/{course}/modules/", None),
    ("POST", "/api/courses/{course}/enroll/", None),
    ("POST", "/api/lessons/{lesson}/complete/", None),
    ("GET", "/api/quizzes/{quiz}/", None),
    ("GET", "/api/assessments/{final}/", None),
    ("POST", "/api/quizzes/{quiz}/attempts/", None),
    ("POST", "/api/assessments/{final}/attempts/", None),
    ("POST", "/api/quizzes/{quiz}/submit/", NO_RESPONSES),
    ("POST", "/api/assessments/{final}/submit/", NO_RESPONSES),
    ("GET", "/api/attempts/{attempt}/", None),
    ("PATCH", "/api/attempts/{attempt}/", NO_RESPONSES),
]
OWN: list[tuple[str, str, Any]] = [
    ("GET", f"/api/users/{what}/", None)
    for what in ("enrollments", "enrollments/progress", "certificates", "compliance", "skills")
]
AUTHORING: list[tuple[str, str, Any]] = [
    ("PATCH", "/api/courses/{course}/", {}),
    ("GET", "/api/courses/{course}/draft/", None),
    ("PUT", "/api/courses/{course}/draft/", {"title": "T"}),
    ("POST", "/api/courses/{course}/publish/", None),
]
OTHERS: list[tuple[str, str, Any]] = [
    ("GET", "/api/me/", None),
    ("GET", "/api/directory/facets/", None),
    ("GET", "/api/courses/", None),
    ("POST", "/api/courses/", NEW),
    ("GET", "/api/certificates/{certificate}/pdf/", None),
]
ALL = LEARNING + OWN + AUTHORING + DIRECTORY + OTHERS


async def ids_of(course: Course) -> dict[str, str]:
    return {
        "course": course.id,
        "lesson": course.lesson,
        "quiz": course.quiz,
        "final": course.final,
        "attempt": await started(course),
        "certificate": random_id(),
        "org": course.world.id,
    }


async def test_a_stranger_is_asked_who_they_are(course: Course) -> None:
    ids = await ids_of(course)
    http = course.world.http
    for method, path, body in ALL:
        answer = await http.request(method, filled(path, ids), json=filled(body, ids))
        refused(answer, 401, "unauthenticated")
        forged = await http.request(method, filled(path, ids), headers={"Authorization": "Bearer x.y.z"})
        refused(forged, 401, "unauthenticated")


async def test_who_is_no_member_is_told_so(course: Course) -> None:
    ids = await ids_of(course)
    nobody = course.world.call_as("nobody-here")
    for method, path, body in [*LEARNING, *OWN, ("GET", "/api/courses/", None), *AUTHORING]:
        refused(await nobody(method, filled(path, ids), filled(body, ids)), 403, "not-a-member")


async def test_a_member_without_the_role_may_not(course: Course) -> None:
    ids = await ids_of(course)
    refused(await course.world.member("bob")("GET", "/api/directory/facets/"), 403, "forbidden")
    for who in (course.world.member("bob"), course.world.call_as("bob", "chapter_admin:n1")):
        for method, path, body in [*AUTHORING, *DIRECTORY, ("POST", "/api/courses/", NEW)]:
            refused(await who(method, filled(path, ids), filled(body, ids)), 403, "forbidden")


async def test_another_organization_sees_the_same_404_as_for_a_random_id(
    course: Course, other_world: World
) -> None:
    ids = await ids_of(course)
    nothing = {name: random_id() for name in ids}
    callers = [other_world.member(), other_world.admin]
    for who in callers:
        for method, path, body in [*LEARNING, *AUTHORING]:
            if who.user == "boss" and path.split("/")[2] in {"lessons", "quizzes", "assessments", "attempts"}:
                continue  # an administrator who is no member: 403 either way
            theirs = await who(method, filled(path, ids), filled(body, ids))
            same_as_unknown(theirs, await who(method, filled(path, nothing), filled(body, nothing)))


async def test_somebody_elses_learning_is_unknown(course: Course) -> None:
    """Bob is not enrolled: ana's attempt and the course's parts are nothing to him."""
    ids = await ids_of(course)
    nothing = {name: random_id() for name in ids}
    bob = course.world.member("bob")
    for method, path, body in LEARNING[3:]:
        theirs = await bob(method, filled(path, ids), filled(body, ids))
        same_as_unknown(theirs, await bob(method, filled(path, nothing), filled(body, nothing)))


async def test_a_path_without_its_slash_redirects(course: Course) -> None:
    ids = await ids_of(course)
    for method, path, body in ALL:
        answer = await course.world.admin(method, filled(path, ids).rstrip("/"), filled(body, ids))
        assert answer.status_code == 307, (method, path, answer.text)
        assert httpx.URL(answer.headers["location"]).path == filled(path, ids)
    listed = await course.world.admin("GET", "/api/courses?limit=1")
    assert httpx.URL(listed.headers["location"]).query == b"limit=1"
