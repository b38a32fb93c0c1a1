"""Reading courses from the database: every kind of caller against every scope and state of a course.

What the rules say of each pair (see test_rules_access.py) is what the statements must find. They are asked in no
organization, so that row-level security does not help them to leave out another's courses.
"""

import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import true, update
from sqlalchemy.ext.asyncio import AsyncSession
from tests.kit.scopes import AT, SCOPES, Made, add_course
from tests.kit.world import World

from learning_service.domain.courses.queries.access import (
    CourseAccess,
    access_course,
    authoring_roles,
    courses_seen,
    list_courses,
)
from learning_service.domain.courses.rules.access import Place, may_assign, may_author, reaches
from learning_service.domain.directory.models import Member, Organization
from learning_service.domain.kernel.errors import NotAMember, NotFound
from learning_service.domain.kernel.paging import Cursors, PageRequest
from learning_service.domain.kernel.principal import Principal

STATES = ("draft", "published", "changed", "archived")
PLACES = {"n1": Place("n1", "north"), "n2": Place("n2", "north"), "s1": Place("s1", "south")}
MEMBERS = {"ana": PLACES["n1"], "cyd": PLACES["n2"], "dan": PLACES["s1"]}
ROLES: tuple[frozenset[str], ...] = tuple(
    map(
        frozenset,
        (
            (),
            ("grader",),
            ("national_admin",),
            ("regional_admin:north",),
            ("regional_admin:n1",),
            ("chapter_admin:n1",),
            ("chapter_admin:north",),
            ("chapter_admin:n2", "chapter_admin:s1"),
            ("regional_admin:south", "chapter_admin:n1"),
        ),
    )
)
ALL_ROLES = ("national_admin", "regional_admin", "chapter_admin")


@dataclass(frozen=True)
class Scene:
    """Courses of each scope in each state, and those of another organization whose units have the same names."""

    session: AsyncSession
    organization: str
    courses: list[Made]
    foreign: list[Made]

    def callers(self) -> Iterator[Principal]:
        """Members, an erased one and a stranger, with each kind of role."""
        for user in (*MEMBERS, "eve", "stranger"):
            for roles in ROLES:
                yield Principal(self.organization, user, roles=roles)

    async def let_author(self, *roles: str) -> None:
        """Say who may author here; elsewhere everybody may."""
        await self.session.execute(
            update(Organization)
            .where(Organization.id == self.organization)
            .values(authoring_roles=list(roles))
        )


@pytest.fixture
async def scene(world: World, other_world: World) -> AsyncIterator[Scene]:
    """The courses, in a transaction that is undone."""
    async with world.worker.transaction(None) as session:
        made = {
            one.id: [await add_course(session, one.id, scope, state) for scope in SCOPES for state in STATES]
            for one in (world, other_world)
        }
        await session.execute(
            update(Member)
            .where(Member.organization_id == world.id, Member.user_id == "eve")
            .values(erased_at=AT)
        )
        await session.execute(
            update(Organization)
            .where(Organization.id == other_world.id)
            .values(authoring_roles=list(ALL_ROLES), timezone="UTC")
        )
        yield Scene(session, world.id, made[world.id], made[other_world.id])
        await session.rollback()


def expected(caller: Principal, made: Made, roles: tuple[str, ...], *, enrolled: bool) -> CourseAccess | None:
    """What the rules say that the caller gets."""
    place = MEMBERS.get(caller.user_id)
    author = may_author(caller, made.scope, roles)
    assigner = may_assign(caller, made.scope, [PLACES[c] for c in caller.admin_chapters if c in PLACES])
    published = made.version_id is not None
    reached = place is not None and reaches(made.scope, place)
    learner = place is not None and (enrolled or (published and reached))
    if not (author or (assigner and published) or learner):
        return None
    return CourseAccess(
        view=made.view if author else replace(made.view, draft_version=None),
        organization_id=caller.organization_id,
        published_version_id=made.version_id,
        timezone="America/New_York",
        may_author=author,
        may_assign=assigner,
        is_member=place is not None,
        reaches_member=reached,
    )


async def found(scene: Scene, caller: Principal, course_id: uuid.UUID, *, enrolled: bool) -> object:
    """What the caller gets, or the class of the refusal."""
    try:
        if enrolled:
            return await access_course(scene.session, caller, course_id, enrolled=true)
        return await access_course(scene.session, caller, course_id)
    except (NotAMember, NotFound) as refusal:
        return type(refusal)


@pytest.mark.parametrize(
    ("roles", "enrolled"), [(ALL_ROLES, False), (("national_admin", "regional_admin"), True), ((), False)]
)
async def test_one_course_is_found_as_the_rules_say(
    scene: Scene, roles: tuple[str, ...], enrolled: bool
) -> None:
    await scene.let_author(*roles)
    for n, caller in enumerate(scene.callers()):
        known = caller.is_any_admin or caller.user_id in MEMBERS
        nothing = NotFound if known else NotAMember
        # Each caller asks for every fourth course; over the callers each course has its turn.
        for made in scene.courses[n % 4 :: 4]:
            got = await found(scene, caller, made.view.id, enrolled=enrolled)
            assert got == (expected(caller, made, roles, enrolled=enrolled) or nothing), (caller, made)
        for course_id in (scene.foreign[n % 24].view.id, uuid.uuid4()):
            assert await found(scene, caller, course_id, enrolled=enrolled) is nothing


@pytest.mark.parametrize("roles", [ALL_ROLES, ("national_admin",)])
async def test_lists_hold_what_one_may_author_and_what_is_open(scene: Scene, roles: tuple[str, ...]) -> None:
    await scene.let_author(*roles)
    for caller in scene.callers():
        if not caller.is_any_admin and caller.user_id not in MEMBERS:
            with pytest.raises(NotAMember):
                await list_courses(scene.session, caller, page(100), drafts_only=False)
            continue
        seen = [(made, expected(caller, made, roles, enrolled=False)) for made in reversed(scene.courses)]
        entered = [got for _, got in seen if got is not None and (got.may_author or got.is_open)]
        listed = await list_courses(scene.session, caller, page(100), drafts_only=False)
        assert list(listed) == [got.view for got in entered], caller
        drafts = await list_courses(scene.session, caller, page(100), drafts_only=True)
        assert list(drafts) == [got.view for got in entered if got.may_author and got.view.draft_version]


async def test_a_list_goes_on_after_a_course(scene: Scene) -> None:
    boss = Principal(scene.organization, "boss", roles=frozenset({"national_admin"}))
    views = [made.view for made in reversed(scene.courses)]
    first = await list_courses(scene.session, boss, page(5), drafts_only=False)
    assert list(first) == views[:6], "one more than the page holds"
    rest = await list_courses(scene.session, boss, page(50, str(views[4].id)), drafts_only=False)
    assert list(rest) == views[5:]


async def test_an_organization_that_nobody_told_of_has_no_courses(scene: Scene) -> None:
    boss = Principal("nowhere", "ana", roles=frozenset({"national_admin"}))
    assert await courses_seen(scene.session, boss) is None
    assert await list_courses(scene.session, boss, page(5), drafts_only=False) == []
    assert await authoring_roles(scene.session, boss) is None
    assert await found(scene, boss, scene.courses[0].view.id, enrolled=False) is NotFound
    with pytest.raises(NotAMember):
        await courses_seen(scene.session, Principal("nowhere", "ana"))
    await scene.let_author("chapter_admin")
    assert await authoring_roles(scene.session, replace(boss, organization_id=scene.organization)) == [
        "chapter_admin"
    ]


def page(limit: int, after: str | None = None) -> PageRequest:
    return PageRequest(
        limit=limit,
        after=None if after is None else (after,),
        filters={},
        cursors=Cursors((b"key",), "courses"),
    )
