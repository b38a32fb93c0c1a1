"""Organizations for tests: one is founded by the domain's own actions, and those that tests get are copies of it."""

import contextlib

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.context import Context
from learning_service.domain.directory.actions import (
    put_chapter,
    put_members,
    put_organization,
    put_region,
    put_requirement,
)
from learning_service.domain.directory.rules import (
    BatchMemberIn,
    ChapterIn,
    OrganizationIn,
    RegionIn,
    RequirementIn,
)
from learning_service.domain.kernel.principal import Principal
from tests.kit.copying import Enough, Model, model_of

NO_JOBS = text("DELETE FROM outbox")
MODEL = "org-of-which-others-are-copies"
_models: list[Model] = []


async def found(context: Context, organization_id: str, *, alone: bool = False) -> None:
    """Regions north and south, chapters n1 n2 s1 s2, a member in each.

    `alone`: no job of an earlier test is left, which the next to run jobs would have to do. Drawings take long.
    """
    model = await _model(context)
    async with context.transaction(None) as session:
        if alone:
            await session.execute(NO_JOBS)
        await model.copy(session, organization_id)


async def copy_founded(context: Context, session: AsyncSession, organization_id: str) -> None:
    """The same in a transaction that is open."""
    await (await _model(context)).copy(session, organization_id)


async def _model(context: Context) -> Model:
    if not _models:
        with contextlib.suppress(Enough):
            async with context.transaction(None) as first:
                await found_by_actions(first, MODEL)
                _models.append(await model_of(first, MODEL))
                raise Enough
    return _models[0]


async def found_by_actions(session: AsyncSession, organization_id: str) -> None:
    """The same as the membership service would push it."""
    actor = Principal(organization_id, "membership-service", scopes=frozenset({"directory:write"}))
    facts = OrganizationIn(name="Alpha & Co", timezone="America/New_York")
    await put_organization(session, organization_id, facts, actor=actor)
    await session.flush()
    for region in ("north", "south"):
        named = RegionIn(organization_id=organization_id, name=region.title())
        await put_region(session, region, named, actor=actor)
        for n in (1, 2):
            chapter = ChapterIn(region_id=region, name=f"{region} {n}")
            await put_chapter(session, f"{region[0]}{n}", chapter, actor=actor)
    requirement = RequirementIn(organization_id=organization_id, name="Hazing")
    await put_requirement(session, "hazing", requirement, actor=actor)
    members = [
        BatchMemberIn(
            user_id=user,
            chapter_id=unit,
            status="active",
            display_name=user.title(),
            email=f"{user}@example.org",
        )
        for user, unit in (("ana", "n1"), ("bob", "n1"), ("cyd", "n2"), ("dan", "s1"), ("eve", "s2"))
    ]
    await put_members(session, members, actor=actor)
    await session.flush()
