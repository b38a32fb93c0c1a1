"""The demonstration: loaded through the real actions into a real database, and good enough to learn from."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from importlib.resources import files
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from tests.kit.courses import sanitized
from tests.kit.stack import create_database_from_template, drop_database
from tests.kit.world import Signer

from learning_devstack.demo import COURSE_FILE, load_demo
from learning_devstack.parts import Parts
from learning_devstack.tokens import DEMO_ORGANIZATION as ORGANIZATION
from learning_service.context import open_context
from learning_service.core.database import open_transaction
from learning_service.core.settings import Settings
from learning_service.domain.courses.models import Course, CourseVersion
from learning_service.domain.courses.queries.versions import load_tree
from learning_service.domain.courses.rules.publishing import publish_faults
from learning_service.domain.courses.rules.tree import Lesson, Quiz, Tree, parse_tree
from learning_service.domain.courses.rules.tree import quizzes as quizzes_of
from learning_service.domain.directory.models import Chapter, Member, Region
from learning_service.domain.organizations.queries import organization_settings
from learning_service.domain.questions.rules.free_form import FreeForm
from learning_service.domain.questions.rules.multi_select import MultiSelect
from learning_service.main import create_app

pytestmark = pytest.mark.long
MakeSettings = Callable[..., Settings]
LISTS = [
    ("demo-learner", "/api/users/enrollments/"),
    ("demo-learner", "/api/users/certificates/"),
    ("demo-learner", "/api/users/notifications/"),
    ("demo-learner", "/api/users/compliance/"),
    ("demo-officer", "/api/users/programs/"),
    ("demo-officer", "/api/users/skills/"),
    ("demo-grader", "/api/learning/grading/pending/"),
    ("demo-grader", "/api/learning/grading/history/"),
    ("demo-admin", "/api/assignment-rules/"),
    ("demo-admin", "/api/audit/"),
    ("demo-admin", "/api/compliance-requirements/"),
    ("demo-admin", "/api/enrollments/?overdue=true"),
    ("demo-admin", "/api/enrollments/?awaiting_review=true"),
    ("demo-admin", "/api/exemptions/"),
    ("demo-admin", "/api/programs/"),
    ("demo-admin", "/api/question-banks/"),
    ("demo-admin", "/api/reports/compliance/forecast/?days=90"),
]
"""Lists that screens show, each with somebody who looks at it."""


@pytest.fixture(scope="module")
def tree() -> Tree:
    """The course as its file has it."""
    return parse_tree(files("learning_devstack").joinpath(COURSE_FILE).read_bytes())


@pytest.fixture(scope="module")
async def copy(parts: Parts, template: str, make_settings: MakeSettings) -> AsyncIterator[Settings]:
    """Settings of a database of these tests' own, into which two have loaded the demonstration at once."""
    name = f"demo_{uuid.uuid4().hex[:12]}"
    settings = make_settings(await create_database_from_template(parts, name))
    await asyncio.gather(_load(settings), _load(settings))
    yield settings
    await drop_database(parts, name)


@pytest.fixture
async def engine(copy: Settings) -> AsyncIterator[AsyncEngine]:
    """Connections to it."""
    made = create_async_engine(copy.database_url)
    yield made
    await made.dispose()


async def _load(settings: Settings) -> None:
    async with (
        open_context(settings, "learning_api") as context,
        context.transaction(ORGANIZATION) as session,
    ):
        await load_demo(session, context.store)


async def _count(session: AsyncSession, model: type) -> int:
    return await session.scalar(select(func.count()).select_from(model)) or 0


async def test_loads_an_organization_with_one_published_course(
    copy: Settings, engine: AsyncEngine, tree: Tree
) -> None:
    async with AsyncSession(engine) as session:
        await open_transaction(session, role="learning_api", organization_id=ORGANIZATION)
        assert await _count(session, Region) == 2
        assert await _count(session, Chapter) == 4
        members = set((await session.scalars(select(Member.user_id))).all())
        assert {"demo-admin", "demo-learner"} <= members
        course = (
            await session.scalars(
                select(Course).where(Course.linked_compliance_requirement == "hazing-prevention")
            )
        ).one()
        version = await session.get_one(CourseVersion, (ORGANIZATION, course.published_version_id))
        assert (course.scope, course.recertification_cadence) == ("national", "P1Y")
        assert course.linked_compliance_requirement == "hazing-prevention"
        stored = (await load_tree(session, version.id)).tree
        assert stored.title == tree.title
        assert [module.title for module in stored.modules] == [module.title for module in tree.modules]
        looks = await organization_settings(session, ORGANIZATION)
    async with open_context(copy, "learning_api") as context:
        for key in (looks.logo_key, looks.signature_key, looks.seal_key):
            assert key is not None
            assert (await context.store.get(key)).startswith(b"\x89PNG")
    assert looks.signatory_name is not None


async def test_no_screen_is_empty_on_the_first_day(copy: Settings, signer: Signer) -> None:
    app = create_app(copy)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://demo") as http,
    ):

        async def ask(who: str, path: str) -> Any:
            roles = {"demo-admin": ["national_admin"], "demo-grader": ["grader"]}.get(who, [])
            token = signer.token(ORGANIZATION, who, roles=roles)
            answer = await http.get(path, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 200, answer.text
            return answer.json()

        listed = {call: (await ask(*call))["items"] for call in LISTS}
        assert [call for call, items in listed.items() if not items] == []
        totals = (await ask("demo-admin", "/api/reports/compliance/"))["totals"]
        for status in ("complete", "exempt", "pending", "overdue", "expired", "failed", "not_started"):
            assert totals[status] > 0, totals
        history = (await ask("demo-admin", "/api/reports/compliance/history/"))["items"]
        assert len({one["complete"] for one in history}) > 6
        [program] = (await ask("demo-officer", "/api/users/programs/"))["items"]
        assert program["status"] == "in_progress"
        courses = {one["title"]: one["id"] for one in (await ask("demo-admin", "/api/courses/"))["items"]}
        figures = await ask("demo-admin", f"/api/courses/{courses['Safe Events']}/versions/1/statistics/")
        suspects = [one["suspect"] for quiz in figures["quizzes"] for one in quiz["questions"]]
        assert suspects.count("likely-wrong-key") == 1, suspects


async def test_loading_again_or_twice_at_once_changes_nothing(copy: Settings, engine: AsyncEngine) -> None:
    await _load(copy)
    async with AsyncSession(engine) as session:
        await open_transaction(session, role="learning_api", organization_id=ORGANIZATION)
        assert await _count(session, Course) == 4
        assert await _count(session, CourseVersion) == 4


def test_the_course_can_be_published_and_loses_nothing_to_the_sanitizer(tree: Tree) -> None:
    assert publish_faults(tree) == []
    _, removed = sanitized(tree)
    assert removed == ()


def test_the_course_shows_every_question_type_and_needs_no_grader(tree: Tree) -> None:
    asked = [question for _, quiz in quizzes_of(tree) for question in quiz.questions]
    kinds = {question.type for question in asked}
    assert kinds == {"multiple_choice", "true_false", "multi_select", "short_answer", "free_form"}
    scorings = {question.scoring for question in asked if isinstance(question, MultiSelect)}
    assert scorings == {"all_or_nothing", "right_minus_wrong"}
    items = [item for module in tree.modules for item in module.items]
    assert len(tree.modules) == 3
    assert sum(isinstance(item, Lesson) for item in items) >= 6
    for _, quiz in quizzes_of(tree):
        if any(isinstance(question, FreeForm) for question in quiz.questions):
            assert isinstance(quiz, Quiz)
            assert not quiz.required
    assert tree.assessment is not None
    assert tree.assessment.pass_score == 80
    assert tree.assessment.max_attempts == 3
