"""Things of every kind in four places: the actor's own chapter, a sibling, another region, another organization."""

import uuid
from dataclasses import dataclass
from typing import Any

from tests.authorization.table import REACHES
from tests.kit.documents import pdf
from tests.kit.earned import printed_code_of, with_logo
from tests.kit.learner import Learner, final, lesson, quiz, tree
from tests.kit.regrades import preview
from tests.kit.running import Runner
from tests.kit.sending import send, settled
from tests.kit.webhooks import deliver
from tests.kit.world import Caller, Json, World

from learning_service.domain.jobs.outbox import enqueue_job
from learning_service.domain.jobs.payloads import GenerateCertificates, SignCredential
from learning_service.worker.jobs.certificates import generate_certificates
from learning_service.worker.jobs.credentials import sign_credential_of_certificate

SCOPES = ("directory:write", "reports:read", "webhooks:manage", "events:read")
# Nobody listens there: deliveries are made and fail.
STATEMENT: Json = {"type": "true_false", "correct": True}
RECEIVER = {"url": "http://127.0.0.1:9/hook", "event_types": ["learning.certificate.issued"]}


@dataclass
class Place:
    """The ids of what is there."""

    world: World
    user: str
    unit: str
    ids: dict[str, str]


def essay() -> Json:
    """A quiz that a person grades."""
    question = {"type": "free_form", "prompt_html": "<p>Why?</p>", "points": 5}
    return quiz("Q") | {"questions": [question, question | {"prompt_html": "<p>And why else?</p>"}]}


def oath() -> Json:
    """A text to be signed."""
    return {"kind": "attestation", "title": "Oath", "text_html": "<p>I will</p>", "required": False}


async def furnish(world: World, user: str, unit: str, region: str) -> Place:
    """One of everything in a chapter: a course, its parts, a member's learning, a certificate, a rule, its run."""
    own = {"scope": "chapter", "scope_id": unit}
    sent = await send(world.admin, pdf(padding=sum(map(ord, unit))), f"{unit}.pdf")
    document = sent.json()["id"]
    await settled(world, document)
    content = tree(
        lesson(document_url=f"document:{document}"), oath(), essay(), assessment=final(max_attempts=None)
    )
    at = await Learner.enter(world, content, user, linked_compliance_requirement="hazing", **own)
    draft = f"/api/courses/{at.course}/draft/"
    etag = (await world.admin("GET", draft)).headers["etag"]
    changed = tree(lesson("Another"), title="Changed")
    await world.admin.ok("PUT", draft, changed, headers={"If-Match": etag})
    question, other = await at.questions("Q")
    given = [{"question_id": question["id"], "text": "x"}, {"question_id": other["id"], "text": "y"}]
    closed = await at.call.ok("POST", at.path("Q", "submit"), {"responses": given})
    attempt = (await at.start("Final")).json()["attempt_id"]
    admin = world.admin
    rule = await admin.ok("POST", "/api/assignment-rules/", rule_body(at.course))
    run = await admin.ok("POST", f"/api/assignment-rules/{rule['id']}/run/")
    short = await Learner.enter(world, tree(lesson()), user, **own)
    spare = await Learner.enter(world, tree(lesson()), user, **own)
    pending = await admin.ok("GET", f"/api/learning/grading/pending/?course_id={at.course}")
    groups = await admin.ok("GET", f"/api/learning/grading/groups/?course_id={at.course}")
    enrollments = await at.call.ok("GET", "/api/users/enrollments/")
    certificate = await _certificate(short)
    change = {"question_key": question["key"], "points": 5}
    regrade = await preview(world, {"id": at.course}, change)
    ids = {
        "course_id": at.course,
        "short_id": short.course,
        "spare_course_id": spare.course,
        "lesson_id": at.ids["L"],
        "attestation_id": at.ids["Oath"],
        "quiz_id": at.ids["Q"],
        "final_id": at.ids["Final"],
        "attempt_id": attempt,
        "closed_id": closed["attempt_id"],
        "question_id": question["id"],
        "question_key": question["key"],
        "regrade_id": regrade["id"],
        "enrollment_id": next(e["id"] for e in enrollments["items"] if e["course_id"] == at.course),
        "response_id": next(one["response_id"] for one in pending["items"] if one["text"] == "x"),
        "group_id": next(one["group_id"] for one in groups["items"] if one["text"] == "y"),
        "certificate_id": certificate,
        "spare_id": await _certificate(spare),
        "document_id": document,
        "rule_id": rule["id"],
        "run_id": run["run_id"],
        "organization_id": world.id,
        "region_id": region,
        "chapter_id": unit,
        "user_id": user,
        "requirement_id": "hazing",
        "number": "1",
        "token": "of-no-mail",
        "code": await printed_code_of(world, certificate),
    }
    ids |= await furnish_bank(world, unit)
    ids["evidence_id"] = await furnish_evidence(world, user)
    ids["exemption_id"] = await furnish_exemption(world, user)
    ids["program_id"] = await furnish_program(world, unit, at.course)
    return Place(world, user, unit, ids)


async def furnish_bank(world: World, unit: str) -> dict[str, str]:
    """A question bank of the chapter, with a question."""
    new = {"title": f"Bank of {unit}", "scope": "chapter", "scope_id": unit}
    bank = await world.admin.ok("POST", "/api/question-banks/", new)
    question = await world.admin.ok("POST", f"/api/question-banks/{bank['id']}/questions/", STATEMENT)
    return {"bank_id": bank["id"], "key": question["key"]}


async def furnish_evidence(world: World, user: str) -> str:
    """Evidence of the member that waits for a decision."""
    body = {"requirement_id": "hazing", "completed_on": "2026-05-04", "note": "At my last college"}
    made = await world.member(user).ok("POST", "/api/users/evidence/", body)
    found: str = made["id"]
    return found


async def furnish_exemption(world: World, user: str) -> str:
    """An exemption of the member."""
    body = {"user_id": user, "requirement_id": "hazing", "reason": "Served as a judge"}
    made = await world.admin.ok("POST", "/api/exemptions/", body)
    found: str = made["id"]
    return found


async def furnish_program(world: World, unit: str, course: str, *, publish: bool = True) -> str:
    """A program of the chapter."""
    new = {
        "title": f"Program of {unit}",
        "scope": "chapter",
        "scope_id": unit,
        "steps": [{"courses": [course]}],
    }
    program = await world.admin.ok("POST", "/api/programs/", new)
    if publish:
        await world.admin.ok("POST", f"/api/programs/{program['id']}/publish/")
    made: str = program["id"]
    return made


async def _certificate(at: Learner) -> str:
    await at.read()
    page = await at.call.ok("GET", "/api/users/certificates/")
    found: str = next(c["id"] for c in page["items"] if c["course_id"] == at.course)
    return found


def rule_body(course: str) -> Json:
    """A rule that somebody sets off by hand."""
    return {"course_id": course, "trigger": "manual", "audience_filter": {"status": ["nobody"]}}


@dataclass
class Scene:
    """All places, and whoever calls."""

    home: World
    away: World
    places: dict[str, Place]

    def actor(self, name: str) -> Caller:
        """A caller of that kind, at home in chapter n1 of region north."""
        home = self.home
        match name:
            case "stranger":
                return Caller(home.http, "", "")
            case "member":
                return home.member("ana")
            case "chapter admin" | "author":
                # Chapter admins are authors where the organization says so: it says so before the author's turn.
                return home.call_as("chair", "chapter_admin:n1")
            case "regional admin":
                return home.call_as("nora", "regional_admin:north")
            case "national admin":
                return home.admin
            case "grader":
                return home.call_as("gil", "grader")
            case _:
                return home.call_as("platform", scopes=SCOPES)

    async def let_chapter_admins_author(self, allowed: bool) -> None:
        """Whether chapter admins are authors here."""
        roles = ["national_admin", "regional_admin"] + (["chapter_admin"] if allowed else [])
        body = {"name": "Alpha & Co", "timezone": "UTC", "authoring_roles": roles}
        await self.home.directory.ok("PUT", f"/api/directory/organizations/{self.home.id}/", body)


async def sign_soon(place: Place) -> None:
    """Queue what signs its certificate: the job for those of before would take up what other tests left."""
    organization = place.world.id
    told = SignCredential.read({"certificate_id": place.ids["certificate_id"]})
    async with place.world.worker.transaction(organization) as session:
        await enqueue_job(session, told, organization_id=organization)


async def make_pdfs(world: World) -> None:
    """Have the PDFs made that are wanted, with their pictures: of a revoked certificate another one is shown."""
    await Runner(world.worker, functions={GenerateCertificates.name: generate_certificates}).run_until_idle()


async def open_scene(home: World, away: World) -> Scene:
    """Furnish everything; both organizations have things of their own that no chapter has."""
    north = {"region_id": "north", "name": "Far"}
    await away.directory.ok("PUT", "/api/directory/chapters/x9/", north)
    await away.add_member("oda", "x9")
    for world in (home, away):
        await with_logo(world, "#204060")
    hooks = {}
    for world in (home, away):
        made: Any = await world.admin.ok("POST", "/api/webhooks/", RECEIVER)
        hooks[world.id] = made["id"]
    places = {
        "own": await furnish(home, "ana", "n1", "north"),
        "sibling chapter": await furnish(home, "cyd", "n2", "north"),
        "other region": await furnish(home, "dan", "s1", "south"),
        "other organization": await furnish(away, "oda", "x9", "north"),
    }
    for place in places.values():
        await sign_soon(place)
    await Runner(
        home.worker, functions={SignCredential.name: sign_credential_of_certificate}
    ).run_until_idle()
    await make_pdfs(home)
    await deliver(home)
    for place in places.values():
        hook = hooks[place.world.id]
        listed = await place.world.admin.ok("GET", f"/api/webhooks/{hook}/deliveries/")
        place.ids |= {"webhook_id": hook, "delivery_id": listed["items"][0]["id"]}
    nothing = {name: str(uuid.uuid4()) for name in places["own"].ids}
    places["random id"] = Place(home, nothing["user_id"], nothing["chapter_id"], nothing)
    assert list(places) == list(REACHES)
    return Scene(home, away, places)
