"""The demonstration: loaded through the real actions into a real database, and good enough to learn from."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from importlib.resources import files

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from tests.kit.courses import sanitized
from tests.kit.stack import create_database_from_template, drop_database

from learning_devstack.demo import COURSE_FILE, load_demo
from learning_devstack.parts import Parts
from learning_devstack.tokens import DEMO_ORGANIZATION as ORGANIZATION
from learning_service.core.database import open_transaction
from learning_service.domain.courses.models import Course, CourseVersion
from learning_service.domain.courses.queries.versions import load_tree
from learning_service.domain.courses.rules.publishing import publish_faults
from learning_service.domain.courses.rules.tree import Lesson, Quiz, Tree, parse_tree
from learning_service.domain.courses.rules.tree import quizzes as quizzes_of
from learning_service.domain.directory.models import Chapter, Member, Region
from learning_service.domain.questions.rules.free_form import FreeForm
from learning_service.domain.questions.rules.multi_select import MultiSelect


@pytest.fixture(scope="module")
def tree() -> Tree:
    """The course as its file has it."""
    return parse_tree(files("learning_devstack").joinpath(COURSE_FILE).read_bytes())


@pytest.fixture
async def engine(parts: Parts, template: str) -> AsyncIterator[AsyncEngine]:
    """A migrated database of the test's own; what is loaded there is really committed."""
    name = f"demo_{uuid.uuid4().hex[:12]}"
    made = create_async_engine(await create_database_from_template(parts, name))
    yield made
    await made.dispose()
    await drop_database(parts, name)


async def _load(engine: AsyncEngine) -> None:
    async with AsyncSession(engine, expire_on_commit=False, autoflush=False) as session:
        await open_transaction(session, role="learning_api", organization_id=ORGANIZATION)
        await load_demo(session)
        await session.commit()


async def _count(session: AsyncSession, model: type) -> int:
    return await session.scalar(select(func.count()).select_from(model)) or 0


async def test_loads_an_organization_with_one_published_course(engine: AsyncEngine, tree: Tree) -> None:
    await _load(engine)
    async with AsyncSession(engine) as session:
        await open_transaction(session, role="learning_api", organization_id=ORGANIZATION)
        assert await _count(session, Region) == 2
        assert await _count(session, Chapter) == 3
        members = set((await session.scalars(select(Member.user_id))).all())
        assert {"demo-admin", "demo-learner"} <= members
        course = (await session.scalars(select(Course))).one()
        version = (await session.scalars(select(CourseVersion))).one()
        assert course.published_version_id == version.id
        assert (course.scope, course.recertification_cadence) == ("national", "P1Y")
        assert course.linked_compliance_requirement == "hazing-prevention"
        stored = (await load_tree(session, version.id)).tree
        assert stored.title == tree.title
        assert [module.title for module in stored.modules] == [module.title for module in tree.modules]


async def test_loading_again_or_twice_at_once_changes_nothing(engine: AsyncEngine) -> None:
    await asyncio.gather(_load(engine), _load(engine))
    await _load(engine)
    async with AsyncSession(engine) as session:
        await open_transaction(session, role="learning_api", organization_id=ORGANIZATION)
        assert await _count(session, Course) == 1
        assert await _count(session, CourseVersion) == 1


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
