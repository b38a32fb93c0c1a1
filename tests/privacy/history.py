"""A member with everything that a member can leave behind, and a look into every place that could keep it."""

import io
from dataclasses import dataclass
from functools import lru_cache

import pypdf
from pypdf.errors import PyPdfError
from sqlalchemy import text
from tests.kit.world import Caller, Json, World, right, small_tree

NAME, ADDRESS, FIELD = "Quintessa Zabriskie", "quintessa.z@secret.example", "Sobriquet-Quillfeather"
WRITTEN, SHORT, TYPED, PRAISE = "ESSAY-wombat", "SHORT-numbat", "TYPED-quokka", "PRAISE-bilby"
SECRETS = (NAME, ADDRESS, FIELD, WRITTEN, SHORT, TYPED, PRAISE, "Zabriskie-Corrected")
USER = "u-4711"


@dataclass
class History:
    """What was made: ids to look for afterwards."""

    member: Caller
    course: Json
    certificates: list[str]


def tree() -> Json:
    made = small_tree()
    made["modules"][0]["items"] += [
        {"kind": "attestation", "title": "Oath", "required": False, "text_html": "<p>I will</p>"},
        {
            "kind": "quiz",
            "title": "Words",
            "required": False,
            "feedback": "after_submit",
            "questions": [
                {"type": "free_form", "prompt_html": "<p>Essay</p>", "points": 5},
                {
                    "type": "short_answer",
                    "prompt_html": "<p>Short</p>",
                    "points": 1,
                    "accepted_answers": ["short*"],
                },
            ],
        },
        {
            "kind": "quiz",
            "title": "More words",
            "required": False,
            "questions": [{"type": "free_form", "prompt_html": "<p>Waits</p>", "points": 5}],
        },
        {
            "kind": "quiz",
            "title": "Never sent",
            "required": False,
            "questions": [{"type": "free_form", "prompt_html": "<p>Draft</p>", "points": 5}],
        },
    ]
    made["modules"][0]["items"][1]["feedback"] = "after_submit"
    return made


async def answer(who: Caller, kind: str, quiz_id: str, **texts: str) -> Json:
    shown = await who.ok("GET", f"/api/{kind}/{quiz_id}/")
    responses = [
        right(
            q,
            {"texts": ["right"]} if q.get("answers") else {"text": texts[q["prompt_html"][3]]},
        )
        for q in shown["questions"]
    ]
    submitted: Json = await who.ok("POST", f"/api/{kind}/{quiz_id}/submit/", {"responses": responses})
    return submitted


async def learn(world: World) -> History:
    """A course completed with certificate, graded and waiting texts, a reissue, another course under way."""
    await world.add_member(
        USER, display_name=NAME, email=ADDRESS, custom_fields={"nickname": FIELD}, locale="es"
    )
    member = world.call_as(USER)
    course = await world.course(tree(), linked_compliance_requirement="hazing", recertification_cadence="P1Y")
    other = await world.course(small_tree(title="Other", assessment=None))
    await world.admin.ok(
        "POST", f"/api/courses/{other['id']}/assign/", {"user_ids": [USER]}, headers={"Idempotency-Key": "a"}
    )
    await member.ok("POST", f"/api/courses/{course['id']}/enroll/", headers={"Idempotency-Key": "enroll"})
    modules = await member.ok("GET", f"/api/courses/{course['id']}/modules/")
    grant = {"extra_time_seconds": 600, "reason": f"{NAME} asked"}
    await world.admin.ok("PATCH", f"/api/enrollments/{modules['enrollment']['id']}/", grant)
    lesson, quiz, oath, words, waits, unsent = modules["items"][0]["items"]
    await member.ok("POST", f"/api/lessons/{lesson['id']}/complete/")
    signed = {"json": {"typed_name": f"{NAME} herself"}, "headers": {"Idempotency-Key": "sign"}}
    await member.ok("POST", f"/api/attestations/{oath['id']}/sign/", **signed)
    await answer(member, "quizzes", quiz["id"])
    await answer(member, "quizzes", words["id"], E=WRITTEN, S=SHORT)
    await grade(world)
    await put_in_doubt(world)
    await answer(member, "quizzes", waits["id"], W=WRITTEN)
    started = await member.ok("POST", f"/api/quizzes/{unsent['id']}/attempts/")
    draft = {"responses": [{"question_id": started["questions"][0]["id"], "text": TYPED}]}
    await member.ok("PATCH", f"/api/attempts/{started['attempt_id']}/", draft)
    final = await answer(member, "assessments", modules["assessment"]["id"])
    first = final["certificate"]["id"]
    await world.run_jobs()
    again = await world.admin.ok(
        "POST",
        f"/api/certificates/{first}/reissue/",
        {"recipient_name": "Zabriskie-Corrected", "reason": f"{NAME} wrote"},
        headers={"Idempotency-Key": "reissue"},
    )
    await spare(world)
    await world.run_jobs()
    return History(member, course, [first, again["id"]])


async def put_in_doubt(world: World) -> None:
    """Decide about the pass that a correction of the essay loses."""
    [lost] = (await world.admin.ok("GET", "/api/learning/grading/lost-passes/"))["items"]
    await world.admin.ok(
        "POST",
        f"/api/learning/grading/lost-passes/{lost['enrollment_id']}/",
        {"decision": "keep", "reason": f"{NAME} was right"},
        headers={"Idempotency-Key": "doubt"},
    )


async def spare(world: World) -> None:
    """What administrators grant to the person, with reasons that name them."""
    exemption = {"user_id": USER, "requirement_id": "hazing", "reason": f"{NAME} served as a judge"}
    await world.admin.ok("POST", "/api/exemptions/", exemption, headers={"Idempotency-Key": "exempt"})
    evidence = {"requirement_id": "hazing", "completed_on": "2026-05-04", "note": f"{NAME} took it elsewhere"}
    sent = await world.member(USER).ok("POST", "/api/users/evidence/", evidence)
    decision = {"decision": "approve", "reason": f"{NAME} showed the original"}
    await world.admin.ok("POST", f"/api/evidence/{sent['id']}/", decision)
    needs = {"time_multiplier": 1.5, "reason": f"{NAME} has a letter"}
    await world.admin.ok("PUT", f"/api/directory/members/{USER}/accommodations/", needs)


async def grade(world: World) -> None:
    """Grade the essay, with words to the learner; and correct that, with others."""
    queue = await world.admin.ok("GET", "/api/learning/grading/pending/")
    for waiting in queue["items"]:
        path = f"/api/learning/grading/{waiting['response_id']}/"
        await world.admin.ok(
            "POST",
            path,
            {"points": 4, "feedback": f"<p>{PRAISE}, {NAME}</p>"},
            headers={"Idempotency-Key": waiting["response_id"]},
        )
        corrected = {"points": 1, "feedback": f"<p>Less of {PRAISE}</p>", "correction": True}
        await world.admin.ok("POST", path, corrected)


async def places_with(world: World, needles: tuple[str, ...]) -> list[str]:
    """Every column of every table, and every stored object, that holds one of the needles."""
    found = []
    columns = """SELECT table_name, column_name FROM information_schema.columns c
        JOIN information_schema.tables t USING (table_schema, table_name)
        WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> 'alembic_version'"""
    async with world.worker.engine.connect() as connection:
        # As the owner: no row is hidden.
        await connection.execute(text("RESET ROLE"))
        await connection.execute(text("SET ROLE NONE"))
        for table, column in (await connection.execute(text(columns))).all():
            statement = text(
                f'SELECT count(*) FROM "{table}" WHERE EXISTS (SELECT FROM unnest(CAST(:n AS text[])) AS n(x)'
                f" WHERE strpos(CASE WHEN CAST(pg_typeof(\"{column}\") AS text) = 'bytea'"
                f" THEN '' ELSE CAST(\"{column}\" AS text) END, n.x) > 0)"
            )
            if await connection.scalar(statement, {"n": list(needles)}):
                found.append(f"{table}.{column}")
    async for key in world.worker.store.keys():
        said = text_of(key, await world.worker.store.get(key))
        if any(needle in said for needle in needles):
            found.append(key)
    return found


@lru_cache(maxsize=1000)
def text_of(key: str, body: bytes) -> str:
    """What a person can read in a stored object; tests of the audit leave PDFs that nobody can open.

    Of each once: other tests of the process have left hundreds of them.
    """
    raw = body.decode("utf-8", "ignore")
    if not key.endswith(".pdf"):
        return raw
    try:
        return pdf_text(body)
    except PyPdfError:
        return raw


def pdf_text(body: bytes) -> str:
    """What is printed, and the file's own description."""
    reader = pypdf.PdfReader(io.BytesIO(body))
    return " ".join(page.extract_text() for page in reader.pages) + str(reader.metadata)
