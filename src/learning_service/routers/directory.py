"""The directory: what other services send, and what an audience can name of it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from learning_service.api.bodies import CLOUD_EVENT, CLOUD_EVENTS, JSON
from learning_service.api.idempotency import KeyedRoute
from learning_service.api.parameters import body, large_body, path_opaque_id
from learning_service.api.permissions import HasScope, IsAdmin
from learning_service.api.requests import Session
from learning_service.domain.courses.actions import requirements
from learning_service.domain.directory import actions
from learning_service.domain.directory.queries.facets import facets_of
from learning_service.domain.directory.queries.members import get_member
from learning_service.domain.directory.rules import (
    ChapterIn,
    MemberBatchIn,
    MemberIn,
    MembershipEvents,
    OrganizationIn,
    RegionIn,
    RequirementIn,
)
from learning_service.domain.directory.rules.reach import reach_of
from learning_service.domain.kernel.principal import Principal
from learning_service.schemas.directory import (
    BatchOut,
    ChapterOut,
    EventsOut,
    FacetsOut,
    MemberOut,
    OrganizationOut,
    RegionOut,
    StoredRequirementOut,
)

router = APIRouter(prefix="/api/directory", tags=["directory"], route_class=KeyedRoute)
Writer = Annotated[Principal, Depends(HasScope("directory:write"))]
CREATED: dict[int | str, dict[str, str]] = {201: {"description": "Made"}, 200: {"description": "Updated"}}


@router.put("/organizations/{organization_id}/", responses=CREATED)
async def put_organization(
    caller: Writer,
    organization_id: Annotated[str, path_opaque_id("organization_id")],
    session: Session,
    facts: Annotated[OrganizationIn, body(OrganizationIn)],
    response: Response,
) -> OrganizationOut:
    """Make or update the organization that the token speaks for."""
    created = await actions.put_organization(session, organization_id, facts, actor=caller)
    response.status_code = 201 if created else 200
    return OrganizationOut(id=organization_id, **facts.model_dump())


@router.put("/regions/{region_id}/", responses=CREATED)
async def put_region(
    caller: Writer,
    region_id: Annotated[str, path_opaque_id("region_id")],
    session: Session,
    facts: Annotated[RegionIn, body(RegionIn)],
    response: Response,
) -> RegionOut:
    """Make or update a region; one that was closed is open again."""
    created = await actions.put_region(session, region_id, facts, actor=caller)
    response.status_code = 201 if created else 200
    return RegionOut(id=region_id, **facts.model_dump())


@router.put("/chapters/{chapter_id}/", responses=CREATED)
async def put_chapter(
    caller: Writer,
    chapter_id: Annotated[str, path_opaque_id("chapter_id")],
    session: Session,
    facts: Annotated[ChapterIn, body(ChapterIn)],
    response: Response,
) -> ChapterOut:
    """Make or update a chapter; naming another region moves it there, and one that was closed is open again."""
    created = await actions.put_chapter(session, chapter_id, facts, actor=caller)
    response.status_code = 201 if created else 200
    return ChapterOut(id=chapter_id, **facts.model_dump())


@router.put("/members/{user_id}/", responses=CREATED)
async def put_member(
    caller: Writer,
    user_id: Annotated[str, path_opaque_id("user_id")],
    session: Session,
    facts: Annotated[MemberIn, body(MemberIn)],
    response: Response,
) -> MemberOut:
    """Make or update a member. `custom_fields` and `offices` replace what was there.

    Events that waited for a new member are applied on top, so that the reply may say more than the request.
    """
    created = await actions.put_member(session, user_id, facts, actor=caller)
    response.status_code = 201 if created else 200
    return MemberOut.model_validate(await get_member(session, caller.organization_id, user_id))


@router.post("/members/batch/")
async def put_members(
    caller: Writer, session: Session, batch: Annotated[MemberBatchIn, large_body(MemberBatchIn)]
) -> BatchOut:
    """Make or update up to 5,000 members, all or none. Members that are as they were are not written."""
    return BatchOut.model_validate(await actions.put_members(session, batch.members, actor=caller))


@router.post("/events/", status_code=202)
async def receive_events(
    caller: Writer,
    session: Session,
    events: Annotated[Any, large_body(MembershipEvents, media_types=(JSON, CLOUD_EVENT, CLOUD_EVENTS))],
) -> EventsOut:
    """Apply membership events, one or up to 1,000, in any order; all or none.

    Status, chapter and every custom field remember the event that last set them. An event changes what it is
    later for, and is `stale` when that is nothing; `duplicates` were seen before. One about a member not known
    yet is `parked` and applied when they come; one about an erased id is stale. In `custom_fields`, null is a value.
    """
    return EventsOut.model_validate(await actions.receive_events(session, events, actor=caller))


@router.put("/compliance-requirements/{requirement_id}/", responses=CREATED)
async def put_requirement(
    caller: Writer,
    requirement_id: Annotated[str, path_opaque_id("requirement_id")],
    session: Session,
    facts: Annotated[RequirementIn, body(RequirementIn)],
    response: Response,
) -> StoredRequirementOut:
    """Make or update a compliance requirement that courses can be linked to.

    One that was retired is open again, and courses that were linked to it are again.
    """
    created = await requirements.open_requirement(session, requirement_id, facts, actor=caller)
    response.status_code = 201 if created else 200
    return StoredRequirementOut(id=requirement_id, **facts.model_dump())


@router.delete("/regions/{region_id}/", status_code=204)
async def close_region(
    caller: Writer, session: Session, region_id: Annotated[str, path_opaque_id("region_id", finds=True)]
) -> None:
    """Close a region that has no open chapters. It leaves lists, and nothing new can name it; history keeps it.

    Closing it again changes nothing; a later PUT opens it.
    """
    await actions.close_region(session, region_id, actor=caller)


@router.delete("/chapters/{chapter_id}/", status_code=204)
async def close_chapter(
    caller: Writer, session: Session, chapter_id: Annotated[str, path_opaque_id("chapter_id", finds=True)]
) -> None:
    """Close a chapter that has no members. It leaves lists and roll-ups, and nothing new can name it.

    History keeps it. Closing it again changes nothing; a later PUT opens it.
    """
    await actions.close_chapter(session, chapter_id, actor=caller)


@router.delete("/compliance-requirements/{requirement_id}/", status_code=204)
async def retire_requirement(
    caller: Writer,
    session: Session,
    requirement_id: Annotated[str, path_opaque_id("requirement_id", finds=True)],
) -> None:
    """Retire a compliance requirement. It leaves lists, roll-ups and the courses that were linked to it.

    Completions and certificates keep it. Retiring it again changes nothing; a later PUT opens it with its links.
    """
    await requirements.retire_requirement(session, requirement_id, actor=caller)


@router.get("/facets/", summary="What members have as status and custom fields")
async def read_member_facets(caller: Annotated[Principal, Depends(IsAdmin())], session: Session) -> FacetsOut:
    """What an audience can name: the statuses and custom fields that the caller's members have now.

    A status that an event brought is here at once, whether or not any rule names it. Erased members count nowhere.
    At most 1,000 statuses and 200 custom fields are listed, the commonest ones; a custom field whose name has more
    than 200 characters is none of them, because no audience can name it. Where all members together have more
    than 200,000 values or 32 MiB of them, so many are looked at and stand for the rest.
    """
    return FacetsOut.model_validate(await facets_of(session, caller.organization_id, reach_of(caller)))
