"""The demonstration: an organization with a year of use behind it, and one course worth taking.

Everything goes through the same actions as a request does, so that what a newcomer meets is what the service
makes of good input.
"""

import asyncio
import uuid
from importlib.resources import files
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_devstack.cast import EXTRAS
from learning_devstack.demo_marks import load_marks
from learning_devstack.people import NAMES
from learning_devstack.story import FOUNDED_DAYS_AGO, Calendar, Courses, tell
from learning_devstack.tokens import DEMO_ADMINISTRATOR as ADMINISTRATOR
from learning_devstack.tokens import DEMO_ORGANIZATION as ORGANIZATION
from learning_service.adapters.storage import ObjectStore
from learning_service.domain.courses.actions.courses import create_course
from learning_service.domain.courses.actions.drafts import save_draft
from learning_service.domain.courses.actions.publishing import publish_draft
from learning_service.domain.courses.models import Course
from learning_service.domain.courses.queries.versions import current_edition
from learning_service.domain.courses.rules.policy import CourseIn
from learning_service.domain.courses.rules.tree import parse_tree
from learning_service.domain.directory.actions import (
    put_chapter,
    put_member,
    put_organization,
    put_region,
    put_requirement,
)
from learning_service.domain.directory.rules import (
    ChapterIn,
    MemberIn,
    OrganizationIn,
    RegionIn,
    RequirementIn,
)
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.principal import Principal

REQUIREMENT = "hazing-prevention"
COURSE_FILE = "assets/hazing_prevention.json"
PAUSE_SECONDS = 0.2
_ONE_AT_A_TIME = 7_461_333
_ADMINISTRATOR = Principal(ORGANIZATION, ADMINISTRATOR, frozenset({"national_admin"}))
_REGIONS = {"northeast": "Northeast Region", "great-lakes": "Great Lakes Region"}
_CHAPTERS = {
    "alpha": ("northeast", "Alpha Chapter, Hudson Valley"),
    "beta": ("northeast", "Beta Chapter, Providence"),
    "gamma": ("great-lakes", "Gamma Chapter, Ann Arbor"),
    "delta": ("great-lakes", "Delta Chapter, Madison"),
}
_MEMBERS = {
    ADMINISTRATOR: ("alpha", "alumna", 2009),
    "demo-learner": ("alpha", "active", 2026),
    "demo-officer": ("beta", "active", 2024),
    "demo-alexandra": ("beta", "new_member", 2026),
    "demo-dmitri": ("gamma", "active", 2025),
    "demo-meiling": ("gamma", "new_member", 2026),
}


async def load_demo(session: AsyncSession, store: ObjectStore | None = None) -> None:
    """Load the demonstration into the transaction of `session`, opened for organization `demo`.

    Does nothing where the organization has a course already; two at once make one. Without a store it has no
    pictures.
    """
    # A lock that is waited for is given up after seconds, and the first has a year to tell.
    while not await session.scalar(select(func.pg_try_advisory_xact_lock(_ONE_AT_A_TIME))):  # noqa: ASYNC110
        await asyncio.sleep(PAUSE_SECONDS)
    if await session.scalar(select(exists().where(Course.organization_id == ORGANIZATION))):
        return
    calendar = Calendar(session, now(session))
    await calendar.turn_to(FOUNDED_DAYS_AGO)
    await _load_directory(session)
    if store is not None:
        await load_marks(session, store, actor=_ADMINISTRATOR)
    hazing = await _load_course(
        session, COURSE_FILE, recertification_cadence="P1Y", linked_compliance_requirement=REQUIREMENT
    )
    welcome = await _load_course(session, "assets/welcome.json", category="Getting started")
    await calendar.turn_to(FOUNDED_DAYS_AGO - 200)
    events = await _load_course(session, "assets/safe_events.json", category="Officers")
    await tell(calendar, Courses(hazing=hazing, events=events, welcome=welcome, requirement=REQUIREMENT))


async def _load_directory(session: AsyncSession) -> None:
    actor = _ADMINISTRATOR
    organization = OrganizationIn(name="Laurel & Lantern Society", timezone="America/New_York")
    await put_organization(session, ORGANIZATION, organization, actor=actor)
    for region_id, name in _REGIONS.items():
        region = RegionIn(organization_id=ORGANIZATION, name=name)
        await put_region(session, region_id, region, actor=actor)
    for chapter_id, (region_id, name) in _CHAPTERS.items():
        await put_chapter(session, chapter_id, ChapterIn(region_id=region_id, name=name), actor=actor)
    requirement = RequirementIn(organization_id=ORGANIZATION, name="Hazing prevention, every year")
    await put_requirement(session, REQUIREMENT, requirement, actor=actor)
    for user_id, (chapter_id, status, joined) in _MEMBERS.items():
        member = MemberIn(
            chapter_id=chapter_id,
            status=status,
            display_name=NAMES[user_id],
            email=f"{user_id}@example.org",
            custom_fields={"joined": joined},
        )
        await put_member(session, user_id, member, actor=actor)
    for n, person in enumerate(EXTRAS.values()):
        member = MemberIn(
            chapter_id=person.chapter_id,
            status="active",
            display_name=person.name,
            email=f"{person.user_id}@example.org",
            custom_fields={"joined": 2022 + n % 4},
        )
        await put_member(session, person.user_id, member, actor=actor)


async def _load_course(session: AsyncSession, file: str, **policy: Any) -> uuid.UUID:
    tree = files("learning_devstack").joinpath(file).read_bytes()
    new = CourseIn(title=parse_tree(tree).title, scope="national", **policy)
    course_id = await create_course(session, new, actor=_ADMINISTRATOR)
    draft = await current_edition(session, course_id)
    edition = await save_draft(session, course_id, tree, if_match=draft.etag, actor=_ADMINISTRATOR)
    await publish_draft(session, course_id, note="First edition", if_match=edition.etag, actor=_ADMINISTRATOR)
    return course_id
