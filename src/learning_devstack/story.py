"""What a year of use has left behind: the demonstration's members learn, are late, lapse, wait for a grader.

Everything is done by the actions that requests call, at the instants at which it would have been done: history,
statistics, queues and mails are what the service itself makes of them.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from importlib.resources import files

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_devstack.cast import (
    COMPLETED_DAYS_AGO,
    EXTRAS,
    FAILED,
    HOSTS,
    LAPSED,
    PLANS,
    RENEWED,
    UNDER_WAY,
    WAITING,
)
from learning_devstack.tokens import DEMO_ADMINISTRATOR as ADMINISTRATOR
from learning_devstack.tokens import DEMO_ORGANIZATION as ORGANIZATION
from learning_service.adapters.certificate_fonts import missing_glyphs
from learning_service.core.database import open_transaction
from learning_service.domain.accommodations.actions import put_accommodations
from learning_service.domain.accommodations.rules import AccommodationsIn
from learning_service.domain.assignments.actions.manual_assignments import assign_course
from learning_service.domain.assignments.actions.rules import create_rule
from learning_service.domain.assignments.rules.policy import AssignmentIn, RuleIn
from learning_service.domain.attempts.models import PendingResponse
from learning_service.domain.attempts.queries.positions import load_position, version_of
from learning_service.domain.completion.actions.enrollment_changes import withdraw_enrollment
from learning_service.domain.completion.actions.grades import grade_response
from learning_service.domain.completion.actions.imports import import_file
from learning_service.domain.completion.actions.lessons import complete_lesson
from learning_service.domain.completion.actions.program_entries import assign_program
from learning_service.domain.completion.actions.submissions import submit_attempt
from learning_service.domain.completion.rules.importing import Rows
from learning_service.domain.courses.actions.banks import add_question, create_bank
from learning_service.domain.courses.actions.programs import create_program, publish_program
from learning_service.domain.courses.queries.compiled import CompiledQuiz, CompiledVersion
from learning_service.domain.courses.rules.banks import BankIn
from learning_service.domain.courses.rules.programs import PROGRAM, ProgramIn, Step
from learning_service.domain.directory.rules.audience import AudienceFilter
from learning_service.domain.enrollments.actions import enroll
from learning_service.domain.enrollments.queries.enrollments import see_course
from learning_service.domain.exemptions.actions import grant_exemption
from learning_service.domain.exemptions.rules import ExemptionIn
from learning_service.domain.grading.queries import get_waiting
from learning_service.domain.kernel.large_work import workroom
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.questions.rules.answer_keys import RightChoices
from learning_service.domain.questions.rules.numeric import RightNumber
from learning_service.domain.questions.rules.responses import Response
from learning_service.domain.questions.rules.short_answer import RightTexts
from learning_service.domain.questions.rules.true_false import RightValue
from learning_service.domain.questions.rules.types import Question

FOUNDED_DAYS_AGO = 430
NEEDED = (1, 2, 4, 2, 3)
"""How much one must know to find the right answer to each question for hosts."""
_ADMIN = Principal(ORGANIZATION, ADMINISTRATOR, frozenset({"national_admin"}))
_GRADER = Principal(ORGANIZATION, "demo-grader", frozenset({"grader"}))
BANK_FILE = "assets/event_questions.json"
_QUESTIONS: TypeAdapter[tuple[Question, ...]] = TypeAdapter(tuple[Question, ...])
_ESSAY = "<p>Leave out names, and be honest about the purpose.</p>"


@dataclass(frozen=True)
class Courses:
    """The demonstration's courses, by id, and the requirement that the first one meets."""

    hazing: uuid.UUID
    events: uuid.UUID
    welcome: uuid.UUID
    requirement: str


class Calendar:
    """One transaction that goes through the days, as if each had been its own."""

    def __init__(self, session: AsyncSession, today: datetime) -> None:
        self.session = session
        self._today = today

    async def turn_to(self, days_ago: float) -> datetime:
        """Make it so many days ago."""
        await self.session.flush()
        # What was read on another day is read anew.
        self.session.expunge_all()
        instant = self._today - timedelta(days=days_ago)
        await open_transaction(self.session, role="learning_api", organization_id=ORGANIZATION, at=instant)
        return instant


def _learner(key: str) -> Principal:
    return Principal(ORGANIZATION, EXTRAS[key].user_id if key in EXTRAS else key, frozenset())


async def tell(calendar: Calendar, courses: Courses) -> None:
    """Let the year pass. The courses are published, and the members there."""
    await _years_ago(calendar, courses)
    for key, days in sorted(COMPLETED_DAYS_AGO.items(), key=lambda one: -one[1]):
        await _takes(calendar, key, courses.hazing, days)
    await _host(calendar, courses)
    await _program(calendar, courses)
    for n, key in enumerate(RENEWED):
        await _takes(calendar, key, courses.hazing, 24 - 7 * n)
    await _late_and_waiting(calendar, courses)
    await _people_to_be(calendar, courses)
    await _administers(calendar, courses)
    await _bank(calendar)
    await calendar.turn_to(0)


async def _years_ago(calendar: Calendar, courses: Courses) -> None:
    """What was completed before: by a file, as from the system that was used then."""
    instant = await calendar.turn_to(380)
    rows = []
    for n, key in enumerate((*LAPSED, *RENEWED)):
        day = instant - timedelta(days=38 - 4 * n)
        rows.append(f"{EXTRAS[key].user_id},{courses.hazing},{day.date().isoformat()},{88 + n}")
    content = "\n".join(["user_id,course_id,completed_on,score", *rows]).encode()
    async with workroom(*_ADMIN.who, partial(Rows, "completions", content), size=len(content)) as reader:
        await import_file(calendar.session, "completions", reader, actor=_ADMIN, dry_run=False, partial=False)


async def _begins(calendar: Calendar, key: str, course_id: uuid.UUID) -> None:
    learner = _learner(key)
    access = await see_course(calendar.session, learner, course_id)
    await enroll(calendar.session, access, actor=learner)


async def _takes(calendar: Calendar, key: str, course_id: uuid.UUID, days_ago: float) -> None:
    """Take a course from the first lesson to the certificate, in an hour."""
    await calendar.turn_to(days_ago + 0.05)
    await _begins(calendar, key, course_id)
    await calendar.turn_to(days_ago)
    await _learns(calendar, key, course_id)


async def _learns(calendar: Calendar, key: str, course_id: uuid.UUID, *, most: int | None = None) -> None:
    """Go through what is required of a course; with `most`, through so many items, and not to its assessment."""
    version = await _version(calendar, key, course_id)
    items = [item for module in version.modules for item in module.items if item.required]
    for item in items[:most]:
        if isinstance(item, CompiledQuiz):
            await _hands_in(calendar, key, item, right_answers(item))
        else:
            position = await load_position(calendar.session, _learner(key), "lesson", item.id, lock=True)
            await complete_lesson(calendar.session, position, version, item.id)
    if version.assessment is not None and most is None:
        await _hands_in(calendar, key, version.assessment, right_answers(version.assessment))


async def _version(calendar: Calendar, key: str, course_id: uuid.UUID) -> CompiledVersion:
    position = await load_position(calendar.session, _learner(key), "course", course_id)
    return await version_of(calendar.session, position)


async def _hands_in(
    calendar: Calendar, key: str, quiz: CompiledQuiz, responses: tuple[Response, ...]
) -> None:
    position = await load_position(calendar.session, _learner(key), "quiz", quiz.id, lock=True)
    version = await version_of(calendar.session, position)
    await submit_attempt(calendar.session, position, version, quiz, responses, attempt_id=None)


def right_answers(quiz: CompiledQuiz) -> tuple[Response, ...]:
    """What a learner who knows everything gives: by the key of each question."""
    found = []
    for question_id, key in quiz.keys.items():
        match key.right_answer():
            case RightChoices(answer_ids=ids):
                found.append(Response(question_id=question_id, answer_ids=tuple(ids)))
            case RightValue(value=value):
                found.append(Response(question_id=question_id, value=value))
            case RightTexts(accepted_answers=texts):
                found.append(Response(question_id=question_id, text=texts[0].replace("*", "")))
            case RightNumber(answer=number):
                found.append(Response(question_id=question_id, number=str(number)))
            case _:
                found.append(Response(question_id=question_id, text=_ESSAY))
    return tuple(found)


def _hosts_answers(quiz: CompiledQuiz, knowledge: int) -> tuple[Response, ...]:
    """Those who know more find the answer that is right, and that the key of the second question calls wrong."""
    given = []
    for n, (question, right) in enumerate(zip(quiz.shown, right_answers(quiz), strict=True)):
        knows = knowledge >= NEEDED[n]
        is_by_key = knows != (n == 1)
        if is_by_key:
            given.append(right)
        elif right.answer_ids is not None:
            others = [one.id for one in question.answers if str(one.id) not in right.answer_ids]
            given.append(Response(question_id=right.question_id, answer_ids=(str(others[0]),)))
        elif right.value is not None:
            given.append(Response(question_id=right.question_id, value=not right.value))
        else:
            given.append(Response(question_id=right.question_id, number="4"))
    return tuple(given)


async def _host(calendar: Calendar, courses: Courses) -> None:
    """The course for hosts: a key that is wrong, plans that were read, and plans that wait."""
    for key, (days, knowledge, is_read) in HOSTS.items():
        await calendar.turn_to(days + 0.04)
        await _begins(calendar, key, courses.events)
        version = await _version(calendar, key, courses.events)
        lesson, quiz, plan = version.modules[0].items
        await calendar.turn_to(days + 0.02)
        position = await load_position(calendar.session, _learner(key), "lesson", lesson.id, lock=True)
        await complete_lesson(calendar.session, position, version, lesson.id)
        assert isinstance(quiz, CompiledQuiz)
        assert isinstance(plan, CompiledQuiz)
        await _hands_in(calendar, key, quiz, _hosts_answers(quiz, knowledge))
        await calendar.turn_to(days)
        [question] = plan.shown
        # Some hand in the same words: graders see them together.
        text = PLANS[0 if knowledge > 3 else 1 if knowledge == 3 else 2]
        await _hands_in(calendar, key, plan, (Response(question_id=str(question.id), text=text),))
        if is_read:
            await calendar.turn_to(days - 0.5)
            await _reads(calendar, Decimal(5 if knowledge > 3 else 2))


async def _reads(calendar: Calendar, points: Decimal) -> None:
    """The grader reads what has waited longest."""
    oldest = (
        select(PendingResponse.id)
        .where(PendingResponse.organization_id == ORGANIZATION, PendingResponse.graded_at.is_(None))
        .order_by(PendingResponse.submitted_at, PendingResponse.id)
    )
    seen = await get_waiting(calendar.session, (await calendar.session.scalars(oldest.limit(1))).one())
    feedback = ("A plan that one can work with. Thank you!", "Say who counts, and whom you call.")[points < 3]
    await grade_response(
        calendar.session,
        seen,
        points=points,
        feedback=f"<p>{feedback}</p>",
        keep_feedback=False,
        correction=False,
        actor=_GRADER,
    )


async def _program(calendar: Calendar, courses: Courses) -> None:
    await calendar.turn_to(95)
    new = ProgramIn(
        title="Officers’ first year",
        description_html="<p>What every officer has done by the end of the first year.</p>",
        scope="national",
        steps=(
            Step(courses=(courses.welcome,)),
            Step(courses=(courses.hazing, courses.events)),
        ),
        ordered=True,
        due_in_days=180,
    )
    program_id = await create_program(calendar.session, new, actor=_ADMIN)
    await publish_program(calendar.session, program_id, actor=_ADMIN, missing_glyphs=missing_glyphs)
    await calendar.turn_to(94)
    access = await see_course(calendar.session, _ADMIN, program_id, kind=PROGRAM)
    officers = ("demo-officer", *(EXTRAS[key].user_id for key in ("tomas", "anders", "elif")))
    await assign_program(calendar.session, access, AssignmentIn(user_ids=officers), actor=_ADMIN)


async def _late_and_waiting(calendar: Calendar, courses: Courses) -> None:
    """Who is late, who has time yet, who failed, and whose renewal came to nothing."""
    for n, key in enumerate((*UNDER_WAY, *WAITING)):
        is_late = n % 2 == 0
        instant = await calendar.turn_to(60 if is_late else 11)
        await _assign(calendar, courses.hazing, instant + timedelta(days=38 if is_late else 30), key)
        if key in UNDER_WAY:
            await calendar.turn_to(41 if is_late else 2)
            await _learns(calendar, key, courses.hazing, most=4 if is_late else 6)
    await calendar.turn_to(66)
    await _begins(calendar, FAILED, courses.hazing)
    await _learns(calendar, FAILED, courses.hazing, most=10)
    await _fails(calendar, FAILED, courses.hazing)
    for key in LAPSED[:2]:
        await calendar.turn_to(34)
        await _begins(calendar, key, courses.hazing)
        await calendar.turn_to(30)
        position = await load_position(calendar.session, _learner(key), "course", courses.hazing)
        reason = "Studies abroad this term"
        await withdraw_enrollment(calendar.session, position.enrollment_id, reason=reason, actor=_ADMIN)


async def _assign(calendar: Calendar, course_id: uuid.UUID, due_at: datetime, *keys: str) -> None:
    users = tuple(_learner(key).user_id for key in keys)
    await assign_course(
        calendar.session, course_id, AssignmentIn(user_ids=users, due_at=due_at), actor=_ADMIN
    )


async def _fails(calendar: Calendar, key: str, course_id: uuid.UUID) -> None:
    """Use up all attempts at the final assessment, each with an answer more; the same again would be one attempt."""
    version = await _version(calendar, key, course_id)
    assert version.assessment is not None
    for known in range(version.assessment.max_attempts or 1):
        await _hands_in(calendar, key, version.assessment, right_answers(version.assessment)[:known])


async def _people_to_be(calendar: Calendar, courses: Courses) -> None:
    """Where those stand whom one can be: something done, something to do."""
    await _takes(calendar, "demo-officer", courses.hazing, 203)
    for key, days in (("tomas", 80), ("elif", 70), ("demo-officer", 60), ("nia", 12), ("demo-learner", 6)):
        await calendar.turn_to(days)
        if key not in ("tomas", "elif", "demo-officer"):
            await _begins(calendar, key, courses.welcome)
        await _learns(calendar, key, courses.welcome)
    for key, ago, left in (("demo-learner", 5, 16), ("demo-meiling", 9, 3), ("demo-alexandra", 12, 9)):
        instant = await calendar.turn_to(ago)
        await _assign(calendar, courses.hazing, instant + timedelta(days=ago + left), key)
    await calendar.turn_to(1)
    await _learns(calendar, "demo-alexandra", courses.hazing, most=3)


async def _administers(calendar: Calendar, courses: Courses) -> None:
    """A rule, an exemption, and somebody who needs more time."""
    await calendar.turn_to(14)
    rule = RuleIn(
        course_id=courses.welcome,
        trigger="membership_status_change",
        audience_filter=AudienceFilter(status=("new_member",)),
        due_in_days=14,
    )
    await create_rule(calendar.session, rule, actor=_ADMIN)
    exemption = ExemptionIn(
        user_id="demo-dmitri", requirement_id=courses.requirement, reason="On leave for a year, abroad"
    )
    await grant_exemption(calendar.session, exemption, actor=_ADMIN)
    need = AccommodationsIn(
        time_multiplier=Decimal("1.5"), extra_attempts=1, reason="Reads with a screen reader"
    )
    await put_accommodations(calendar.session, "demo-meiling", need, actor=_ADMIN)


async def _bank(calendar: Calendar) -> None:
    await calendar.turn_to(8)
    bank_id = await create_bank(
        calendar.session, BankIn(title="Event safety", scope="national"), actor=_ADMIN
    )
    for question in _QUESTIONS.validate_json(files("learning_devstack").joinpath(BANK_FILE).read_bytes()):
        await add_question(calendar.session, bank_id, question, actor=_ADMIN)
