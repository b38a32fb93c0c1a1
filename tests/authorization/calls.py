"""One good request for each route: what is sent about the things of a place, and what a list is looked for."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from tests.authorization.scene import (
    RECEIVER,
    STATEMENT,
    Place,
    Scene,
    furnish_bank,
    furnish_evidence,
    furnish_exemption,
    furnish_program,
    make_pdfs,
    rule_body,
)
from tests.kit.documents import pdf
from tests.kit.world import Caller, Json

MEMBER: Json = {
    "chapter_id": "{chapter_id}",
    "status": "active",
    "display_name": "Somebody",
    "email": None,
    "custom_fields": {},
}
EVENT: Json = {
    "specversion": "1.0",
    "type": "membership.status_changed",
    "id": "1",
    "source": "/matrix",
    "time": "2026-01-01T00:00:00Z",
    "subject": "{user_id}",
    "data": {"status": "active"},
}
ORGANIZATION: Json = {"name": "Alpha & Co", "timezone": "UTC"}
GRANT: Json = {"quiz_id": "{quiz_id}", "reason": "A fair chance"}


@dataclass(frozen=True)
class Call:
    """`listed`: the field of a list's items, and the id of a place's thing that stands there when it is shown."""

    body: Any = None
    query: str = ""
    listed: tuple[str, str] | None = None
    ids: tuple[tuple[str, str], ...] = ()
    """Other ids to put in the path's place."""
    edits: bool = False
    """Sends the draft's ETag."""
    file: bool | bytes = False
    """Sends a file, not JSON: a PDF, or these bytes."""
    fresh: str = ""
    """What is taken away by it, and so is made anew for each call."""

    def varies(self, path: str) -> bool:
        """Whether the request names a thing."""
        return "{" in path or filled(self.body, _SHOWN) != self.body


_SHOWN: dict[str, str] = defaultdict(lambda: "x")


def lists(field: str, name: str, query: str = "?limit=200") -> Call:
    """A list in which a thing of each place is looked for."""
    return Call(listed=(field, name), query=query)


FINAL = (("quiz_id", "final_id"),)
CLOSED = (("attempt_id", "closed_id"),)
NOTHING: Json = {"responses": []}
# In the order in which they are tried: what closes or replaces something comes after what needs it.
CALLS: dict[str, Call] = {
    "GET /healthz": Call(),
    "GET /readyz": Call(),
    "GET /metrics": Call(),
    "GET /api/me/": Call(),
    "GET /certificates/{certificate_id}/verify/": Call(),
    "GET /api/certificates/{certificate_id}/verify/": Call(),
    "GET /api/certificates/{certificate_id}/credential/": Call(),
    "GET /api/certificates/{certificate_id}/credential.jwt/": Call(),
    "GET /api/certificates/{certificate_id}/badge.png/": Call(),
    "GET /api/certificates/{certificate_id}/logo.png/": Call(),
    "GET /api/certificates/{certificate_id}/picture.png/": Call(fresh="picture"),
    "GET /achievements/{course_id}/{number}/": Call(ids=(("course_id", "short_id"),)),
    "GET /status/{number}/": Call(),
    "GET /.well-known/did.json": Call(),
    "GET /.well-known/jwks.json": Call(),
    "GET /c/{code}/": Call(),
    "GET /c/": Call(),
    "POST /api/certificates/verify/": Call({"ids": ["{certificate_id}"]}),
    "POST /api/certificates/check/": Call(file=True),
    "GET /api/certificates/": lists("id", "certificate_id"),
    "GET /api/certificates/{certificate_id}/pdf/": Call(),
    "GET /api/users/certificates/": lists("id", "certificate_id"),
    "GET /api/users/compliance/": lists("user_id", "user_id"),
    "GET /api/users/enrollments/": lists("course_id", "course_id"),
    "GET /api/users/enrollments/progress/": lists("enrollment_id", "enrollment_id"),
    "GET /api/users/export/": Call(),
    "GET /api/users/skills/": Call(),
    "GET /api/users/transcript/": Call(),
    "GET /api/users/transcript/pdf/": Call(),
    "GET /api/audit/": lists("enrollment_id", "enrollment_id"),
    "GET /api/users/notifications/": lists("course_id", "short_id"),
    "POST /api/users/notifications/read/": Call({"ids": ["{enrollment_id}"]}),
    "GET /api/users/evidence/": lists("id", "evidence_id"),
    "POST /api/users/evidence/": Call(
        {"requirement_id": "hazing", "completed_on": "2026-05-04", "note": "Seen"}
    ),
    "GET /api/users/preferences/": Call(),
    "PATCH /api/users/preferences/": Call({"mail": {"digest": False}}),
    "GET /unsubscribe/{token}/": Call(),
    "POST /unsubscribe/{token}/": Call(),
    "GET /api/compliance/statuses/": lists("user_id", "user_id"),
    "GET /api/evidence/": lists("id", "evidence_id"),
    "POST /api/evidence/{evidence_id}/": Call({"decision": "approve", "reason": "Seen"}, fresh="evidence"),
    "GET /api/exemptions/": lists("id", "exemption_id"),
    "POST /api/exemptions/": Call({"user_id": "{user_id}", "requirement_id": "hazing", "reason": "Served"}),
    "DELETE /api/exemptions/{exemption_id}/": Call(fresh="exemption"),
    "GET /api/directory/facets/": Call(),
    "GET /api/directory/regions/": lists("id", "region_id"),
    "GET /api/directory/chapters/": lists("id", "chapter_id"),
    "GET /api/directory/members/": lists("user_id", "user_id"),
    "GET /api/directory/members/{user_id}/": Call(),
    "PUT /api/directory/members/{user_id}/accommodations/": Call({"extra_attempts": 1, "reason": "A letter"}),
    "GET /api/directory/members/{user_id}/accommodations/": Call(),
    "DELETE /api/directory/members/{user_id}/accommodations/": Call(fresh="accommodations"),
    "GET /api/reports/compliance/": lists("chapter_id", "chapter_id", ""),
    "GET /api/reports/compliance/forecast/": Call(),
    "GET /api/reports/compliance/history/": Call(),
    "GET /api/reports/courses/{course_id}/": Call(),
    "GET /api/events/": lists("data.user_id", "user_id"),
    "GET /api/organization/": Call(),
    "PATCH /api/organization/": Call({"reminder_days": [7, 3, 1]}),
    "GET /api/compliance-requirements/": lists("id", "requirement_id", ""),
    "GET /api/compliance-requirements/{requirement_id}/": Call(),
    "PATCH /api/compliance-requirements/{requirement_id}/": Call({"linkable_by": ["national_admin"]}),
    "GET /api/courses/": lists("id", "course_id"),
    "GET /api/courses/categories/": Call(),
    "POST /api/courses/": Call({"title": "T", "scope": "chapter", "scope_id": "n1"}),
    "GET /api/courses/{course_id}/": Call(),
    "GET /api/courses/{course_id}/modules/": Call(),
    "POST /api/courses/{course_id}/enroll/": Call(),
    "POST /api/courses/{course_id}/assign/": Call({"user_ids": ["{user_id}"]}),
    "PATCH /api/courses/{course_id}/": Call({"self_enrollment": True}),
    "GET /api/courses/{course_id}/draft/": Call(),
    "GET /api/courses/{course_id}/versions/": Call(),
    "GET /api/courses/{course_id}/versions/{number}/": Call(),
    "GET /api/courses/{course_id}/versions/{number}/statistics/": Call(),
    "POST /api/courses/{course_id}/versions/{number}/regrades/": Call(
        {
            "changes": [{"question_key": "{question_key}", "points": 5}],
            "policy": "new_only",
            "note": "The points were wrong",
        }
    ),
    "POST /api/courses/{course_id}/versions/{number}/migrations/": Call({"dry_run": True}),
    "GET /api/regrades/{regrade_id}/": Call(),
    "POST /api/regrades/{regrade_id}/apply/": Call(),
    "GET /api/courses/{course_id}/versions/{number}/diff/": Call(query="?against=1"),
    "GET /api/courses/{course_id}/versions/{number}/export/": Call(query="?format=gift"),
    "POST /api/courses/{course_id}/draft/imports/": Call(file=b"Is it? {T}"),
    "GET /api/courses/{course_id}/graders/": Call(),
    "PUT /api/courses/{course_id}/graders/{user_id}/": Call(),
    "DELETE /api/courses/{course_id}/graders/{user_id}/": Call(),
    "PUT /api/courses/{course_id}/draft/": Call({"title": "Changed again"}, edits=True),
    "PATCH /api/courses/{course_id}/draft/": Call(
        [{"op": "replace", "path": "/title", "value": "Patched"}], edits=True
    ),
    "POST /api/courses/{course_id}/versions/{number}/restore/": Call(edits=True),
    "DELETE /api/courses/{course_id}/draft/": Call(edits=True),
    "POST /api/courses/{course_id}/publish/": Call(fresh="draft"),
    "POST /api/courses/{course_id}/duplicate/": Call(),
    "DELETE /api/courses/{course_id}/": Call(ids=(("course_id", "short_id"),)),
    "POST /api/courses/{course_id}/archive/": Call(ids=(("course_id", "short_id"),)),
    "POST /api/courses/{course_id}/unarchive/": Call(ids=(("course_id", "short_id"),)),
    "GET /api/programs/": lists("id", "program_id"),
    "POST /api/programs/": Call(
        {"title": "P", "scope": "chapter", "scope_id": "n1", "steps": [{"courses": ["{course_id}"]}]}
    ),
    "GET /api/programs/{program_id}/": Call(),
    "PATCH /api/programs/{program_id}/": Call({"self_enrollment": True}),
    "POST /api/programs/{program_id}/publish/": Call(fresh="program"),
    "POST /api/programs/{program_id}/assign/": Call({"user_ids": ["{user_id}"]}),
    # The member of the other one, who is exempt, has completed it as soon as an administrator assigned it.
    "POST /api/programs/{program_id}/enroll/": Call(fresh="open program"),
    "GET /api/users/programs/": Call(),
    "DELETE /api/programs/{program_id}/": Call(fresh="new program"),
    "GET /api/question-banks/": lists("id", "bank_id"),
    "POST /api/question-banks/": Call({"title": "B", "scope": "chapter", "scope_id": "n1"}),
    "GET /api/question-banks/{bank_id}/": Call(),
    "PATCH /api/question-banks/{bank_id}/": Call({"title": "Better"}),
    "GET /api/question-banks/{bank_id}/questions/": Call(),
    "POST /api/question-banks/{bank_id}/questions/": Call(STATEMENT),
    "PUT /api/question-banks/{bank_id}/questions/{key}/": Call(STATEMENT),
    "POST /api/question-banks/{bank_id}/imports/": Call(file=b"Is it? {T}"),
    "GET /api/question-banks/{bank_id}/export/": Call(query="?format=gift"),
    "DELETE /api/question-banks/{bank_id}/questions/{key}/": Call(fresh="bank"),
    "DELETE /api/question-banks/{bank_id}/": Call(fresh="bank"),
    "POST /api/documents/": Call(file=True),
    "GET /api/documents/": lists("id", "document_id"),
    "GET /api/documents/{document_id}/": Call(),
    "GET /api/documents/{document_id}/file/": Call(),
    "POST /api/documents/{document_id}/retry/": Call(),
    "GET /api/enrollments/": lists("id", "enrollment_id"),
    "POST /api/imports/": Call(file=b"user_id,course_id,due_at\n", query="?kind=assignments"),
    "POST /api/enrollments/bulk/": Call({"action": "remind", "ids": ["{enrollment_id}"]}),
    "GET /api/runs/{run_id}/": Call(),
    "GET /api/enrollments/{enrollment_id}/": Call(),
    "GET /api/enrollments/{enrollment_id}/explain/": Call(),
    "PATCH /api/enrollments/{enrollment_id}/": Call({"extra_time_seconds": 60, "reason": "A fair chance"}),
    "GET /api/enrollments/{enrollment_id}/attempts/": Call(),
    "POST /api/enrollments/{enrollment_id}/attempts/": Call(GRANT),
    "DELETE /api/enrollments/{enrollment_id}/": Call(fresh="enrollment"),
    "POST /api/enrollments/{enrollment_id}/withdraw/": Call({"reason": "Left"}, fresh="enrollment"),
    "POST /api/lessons/{lesson_id}/complete/": Call(),
    "GET /api/attestations/signatures/": Call(),
    "POST /api/attestations/{attestation_id}/sign/": Call({"typed_name": "Ana Example"}),
    "POST /api/users/enrollments/{enrollment_id}/move/": Call(),
    "GET /api/quizzes/{quiz_id}/": Call(),
    "GET /api/assessments/{quiz_id}/": Call(ids=FINAL),
    "POST /api/quizzes/{quiz_id}/attempts/": Call(),
    "POST /api/assessments/{quiz_id}/attempts/": Call(ids=FINAL),
    "GET /api/attempts/{attempt_id}/": Call(),
    "PATCH /api/attempts/{attempt_id}/": Call(NOTHING),
    "POST /api/quizzes/{quiz_id}/submit/": Call(NOTHING),
    "POST /api/assessments/{quiz_id}/submit/": Call(NOTHING, ids=FINAL),
    "GET /api/learning/grading/pending/": lists("response_id", "response_id"),
    "GET /api/learning/grading/groups/": lists("group_id", "group_id"),
    "GET /api/learning/grading/summary/": Call(),
    "GET /api/learning/grading/history/": Call(),
    "DELETE /api/learning/grading/{response_id}/claim/": Call(),
    "GET /api/learning/grading/lost-passes/": Call(),
    "POST /api/learning/grading/lost-passes/{enrollment_id}/": Call({"decision": "keep", "reason": "Looked"}),
    "POST /api/learning/grading/next/": Call(),
    "POST /api/learning/grading/{response_id}/claim/": Call(),
    "POST /api/learning/grading/{response_id}/": Call({"points": 5}),
    "POST /api/learning/grading/groups/{group_id}/": Call({"points": 5}),
    "POST /api/attempts/{attempt_id}/overrides/": Call(
        {"question_id": "{question_id}", "points": 5, "reason": "A fair word"}, ids=CLOSED
    ),
    "GET /api/assignment-rules/": lists("id", "rule_id"),
    "POST /api/assignment-rules/": Call(rule_body("{course_id}")),
    "GET /api/assignment-rules/{rule_id}/": Call(),
    "PATCH /api/assignment-rules/{rule_id}/": Call({"active": True}),
    "POST /api/assignment-rules/{rule_id}/preview/": Call(),
    "POST /api/assignment-rules/{rule_id}/run/": Call(),
    "GET /api/assignment-rules/{rule_id}/runs/": Call(),
    "GET /api/assignment-rules/runs/{run_id}/": Call(),
    "POST /api/assignment-rules/runs/{run_id}/undo/": Call(),
    "DELETE /api/assignment-rules/{rule_id}/": Call(fresh="rule"),
    "GET /api/webhooks/": lists("id", "webhook_id"),
    "POST /api/webhooks/": Call(RECEIVER),
    "GET /api/webhooks/{webhook_id}/deliveries/": Call(),
    "POST /api/webhooks/{webhook_id}/deliveries/{delivery_id}/replay/": Call(),
    "POST /api/webhooks/{webhook_id}/enable/": Call(),
    "POST /api/webhooks/{webhook_id}/rotate-secret/": Call(),
    "DELETE /api/webhooks/{webhook_id}/": Call(fresh="webhook"),
    "POST /api/certificates/{certificate_id}/reissue/": Call({"recipient_name": "Ana", "reason": "Married"}),
    "POST /api/certificates/{certificate_id}/revoke/": Call(
        {"reason": "Granted by mistake"}, ids=(("certificate_id", "spare_id"),)
    ),
    "PUT /api/directory/organizations/{organization_id}/": Call(ORGANIZATION),
    "PUT /api/directory/regions/{region_id}/": Call({"organization_id": "{organization_id}", "name": "R"}),
    "PUT /api/directory/chapters/{chapter_id}/": Call({"region_id": "{region_id}", "name": "C"}),
    "PUT /api/directory/compliance-requirements/{requirement_id}/": Call(
        {"organization_id": "{organization_id}", "name": "Hazing"}
    ),
    "PUT /api/directory/members/{user_id}/": Call(MEMBER),
    "POST /api/directory/members/batch/": Call({"members": [MEMBER | {"user_id": "{user_id}"}]}),
    "POST /api/directory/events/": Call(EVENT),
    "DELETE /api/directory/chapters/{chapter_id}/": Call(fresh="chapter"),
    "DELETE /api/directory/regions/{region_id}/": Call(fresh="region"),
    "DELETE /api/directory/compliance-requirements/{requirement_id}/": Call(fresh="requirement"),
    "DELETE /api/directory/members/{user_id}/": Call(fresh="member"),
}


def filled(value: Any, ids: dict[str, str]) -> Any:
    """The value with the ids of a place wherever they are named."""
    if isinstance(value, dict):
        return {key: filled(part, ids) for key, part in value.items()}
    if isinstance(value, list):
        return [filled(part, ids) for part in value]
    return value.format_map(ids) if isinstance(value, str) else value


UNITS = {"n1", "n2", "s1", "x9"}


async def ids_for(call: Call, place: Place) -> dict[str, str]:
    """The ids to ask for; what the call takes away is made first."""
    ids = place.ids | {name: place.ids[other] for name, other in call.ids}
    world, admin = place.world, place.world.admin
    if place.unit not in UNITS:
        return ids
    match call.fresh:
        case "enrollment":
            body = {"user_ids": [place.user]}
            made = await world.course(publish=True, scope="chapter", scope_id=place.unit)
            await admin.ok("POST", f"/api/courses/{made['id']}/assign/", body)
            [one] = (await admin.ok("GET", f"/api/enrollments/?course_id={made['id']}"))["items"]
            ids["enrollment_id"] = one["id"]
        case "rule":
            ids["rule_id"] = (await admin.ok("POST", "/api/assignment-rules/", rule_body(ids["course_id"])))[
                "id"
            ]
        case "accommodations":
            facts = {"extra_attempts": 1, "reason": "A letter"}
            await admin.ok("PUT", f"/api/directory/members/{place.user}/accommodations/", facts)
        case "evidence":
            ids["evidence_id"] = await furnish_evidence(world, place.user)
        case "exemption":
            ids["exemption_id"] = await furnish_exemption(world, place.user)
        case "webhook":
            ids["webhook_id"] = (await admin.ok("POST", "/api/webhooks/", RECEIVER))["id"]
        case "chapter" | "region" | "requirement" as kind:
            ids[f"{kind}_id"] = f"{place.unit}-gone"
            await _put_unit(place, kind, ids)
        case "member":
            ids["user_id"] = f"gone-{place.unit}"
            await world.add_member(ids["user_id"], place.unit)
        case "bank":
            ids |= await furnish_bank(place.world, place.unit)
        case "picture":
            await make_pdfs(world)
        case "new program":
            course = ids["course_id"]
            ids["program_id"] = await furnish_program(world, place.unit, course, publish=False)
        case "open program":
            ids["program_id"] = await furnish_program(world, place.unit, ids["course_id"])
        case "program":
            path = f"/api/programs/{ids['program_id']}/"
            await admin.ok("PATCH", path, {"due_in_days": 30})
        case "draft":
            path = f"/api/courses/{ids['course_id']}/draft/"
            shown = await admin("GET", path)
            tree = shown.json() | {"title": "Changed " + shown.headers["etag"].strip('"')[:8]}
            await admin.ok("PUT", path, tree, headers={"If-Match": shown.headers["etag"]})
    return ids


async def _put_unit(place: Place, kind: str, ids: dict[str, str]) -> None:
    """A chapter, region or requirement that nothing is in."""
    folder = "compliance-requirements" if kind == "requirement" else f"{kind}s"
    owner = (
        {"region_id": place.ids["region_id"]} if kind == "chapter" else {"organization_id": place.world.id}
    )
    path = f"/api/directory/{folder}/{ids[f'{kind}_id']}/"
    await place.world.directory.ok("PUT", path, {**owner, "name": "Empty"})


async def etag_for(call: Call, place: Place) -> dict[str, str]:
    """The header that an edit needs."""
    if not call.edits:
        return {}
    shown = await place.world.admin("GET", f"/api/courses/{place.ids['course_id']}/draft/")
    return {"If-Match": shown.headers.get("etag", '"none"')}


async def ask(scene: Scene, actor: Caller, route: str, reach: str, *, fresh: bool = True) -> Any:
    """Send the route's request about the things of that place."""
    call, place = CALLS[route], scene.places[reach]
    method, path = route.split(" ")
    ids = await ids_for(call, place) if fresh else place.ids | {n: place.ids[o] for n, o in call.ids}
    headers = await etag_for(call, place)
    if not actor.token:
        headers["Authorization"] = ""
    if path.endswith("/draft/") and method == "PATCH":
        headers["Content-Type"] = "application/json-patch+json"
    content = call.file if isinstance(call.file, bytes) else pdf()
    sent: Json = {"files": {"file": ("matrix", content)}} if call.file else {"json": filled(call.body, ids)}
    return await actor(method, path.format(**ids) + call.query, headers=headers, **sent)
