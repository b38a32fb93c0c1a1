"""The directory as frontends read it: regions, chapters and members by name, and one member with all they learned."""

from typing import Annotated, get_args

from fastapi import APIRouter, Depends

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.parameters import page
from learning_service.api.permissions import AdministersMember, IsAdmin, IsMemberOrAdmin
from learning_service.api.requests import Caller, Session
from learning_service.domain.certificates.queries.certificates import list_own_certificates
from learning_service.domain.completion.queries.completions import finishes
from learning_service.domain.compliance.queries import list_own_skills, list_own_statuses
from learning_service.domain.directory.queries import found_members, units
from learning_service.domain.directory.queries.found_members import MemberFilter, MemberSort, MemberView
from learning_service.domain.directory.rules.reach import reach_of
from learning_service.domain.enrollments.queries.enrollments import list_own_enrollments
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.paging import MAX_LIMIT, PageRequest, first_page, page_of
from learning_service.domain.kernel.principal import Principal
from learning_service.schemas.certificates import CertificateOut
from learning_service.schemas.common import PageOut
from learning_service.schemas.compliance import ComplianceOut, SkillOut
from learning_service.schemas.directory import (
    ListedChapterOut,
    ListedMemberOut,
    ListedRegionOut,
    MemberRecordOut,
)
from learning_service.schemas.enrollments import ListedEnrollmentOut
from learning_service.schemas.filters import FLAG, flag_filter, id_filter, text_filter

router = APIRouter(prefix="/api/directory", tags=["directory"], route_class=KeyedRoute)
MemberOrAdmin = Annotated[Principal, Depends(IsMemberOrAdmin())]
SORTS = get_args(MemberSort)


@router.get("/regions/", summary="Regions to choose from")
async def list_regions(
    caller: MemberOrAdmin, session: Session, asked: Annotated[PageRequest, page("regions", closed=FLAG)]
) -> PageOut[ListedRegionOut]:
    """The organization's regions, by id. `?closed=true` shows closed ones too."""
    rows = await units.list_regions(
        session, caller.organization_id, asked, closed=flag_filter(asked, "closed")
    )
    return PageOut[ListedRegionOut](
        **page_of(rows, asked, key=lambda row: (row.id,), item=ListedRegionOut.model_validate)
    )


@router.get("/chapters/", summary="Chapters to choose from")
async def list_chapters(
    caller: MemberOrAdmin,
    session: Session,
    asked: Annotated[PageRequest, page("chapters", "region_id", "q", closed=FLAG)],
) -> PageOut[ListedChapterOut]:
    """The organization's chapters, by id. `?closed=true` shows closed ones too.

    `?q=` looks at the name. Accents, case and the order of words do not matter; a word of less than three characters
    means the beginning of a word. Of more than 6 words the longest count.
    """
    rows = await units.list_chapters(
        session,
        caller.organization_id,
        asked,
        region_id=id_filter(asked, "region_id"),
        typed=asked.filters.get("q"),
        closed=flag_filter(asked, "closed"),
    )
    return PageOut[ListedChapterOut](
        **page_of(rows, asked, key=lambda row: (row.id,), item=ListedChapterOut.model_validate)
    )


@router.get("/members/", summary="Members whom the caller administers")
async def list_members(
    caller: Annotated[Principal, Depends(IsAdmin(chapters=True))],
    session: Session,
    asked: Annotated[
        PageRequest, page("members", "q", "chapter_id", "region_id", "status", sort=SORTS, key_parts=2)
    ],
) -> PageOut[ListedMemberOut]:
    """Members of the caller's organization, regions and chapters, by id unless `?sort=` says otherwise.

    `?q=` looks at name and address. Accents, case and the order of words do not matter; a word of less than three
    characters means the beginning of a word. Of more than 6 words the longest count. `?status=` ignores case.
    Erased members are in no list.
    """
    wanted = MemberFilter(
        typed=asked.filters.get("q"),
        chapter_id=id_filter(asked, "chapter_id"),
        region_id=id_filter(asked, "region_id"),
        status=text_filter(asked, "status"),
        sort=asked.filters.get("sort"),
    )
    rows = await found_members.list_members(
        session, caller.organization_id, reach_of(caller, chapters=True), asked, wanted
    )
    return PageOut[ListedMemberOut](
        **page_of(
            rows,
            asked,
            key=lambda row: (row.key, row.member.user_id),
            item=lambda row: ListedMemberOut.model_validate(row.member),
        )
    )


@router.get("/members/{user_id}/", summary="One member, with all they learned")
async def read_member(
    member: Annotated[MemberView, Depends(AdministersMember())], caller: Caller, session: Session
) -> MemberRecordOut:
    """A member with enrollments, certificates, skills and compliance."""
    learner = Principal(caller.organization_id, member.user_id)
    newest = first_page(MAX_LIMIT)
    enrollments = await list_own_enrollments(session, learner, newest)
    found = await finishes(session, enrollments)
    certificates = await list_own_certificates(session, learner, newest)
    skills = await list_own_skills(session, learner, newest)
    compliance = await list_own_statuses(session, learner, newest)
    instant = now(session)
    return MemberRecordOut(
        **ListedMemberOut.model_validate(member).model_dump(),
        enrollments=[ListedEnrollmentOut.of(one, found[one.id]) for one in enrollments[:MAX_LIMIT]],
        certificates=[CertificateOut.of(one, instant) for one in certificates[:MAX_LIMIT]],
        skills=[SkillOut.model_validate(one) for one in skills[:MAX_LIMIT]],
        compliance=[ComplianceOut.model_validate(one) for one in compliance[:MAX_LIMIT]],
    )
