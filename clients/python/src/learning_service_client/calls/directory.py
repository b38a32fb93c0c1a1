"""What is told of organizations and members, and read of them."""

from collections.abc import AsyncIterator, Sequence
from typing import Literal, cast

from learning_service_client.parts import word
from learning_service_client.shapes.directory import (
    AccommodationsIn,
    AccommodationsOut,
    BatchOut,
    ChapterIn,
    ChapterOut,
    EventsOut,
    FacetsOut,
    ListedChapterOut,
    ListedMemberOut,
    ListedRegionOut,
    MemberBatchIn,
    MemberIn,
    MemberOut,
    MemberRecordOut,
    MembershipEventIn,
    OrganizationIn,
    OrganizationOut,
    OrganizationSettingsChangeIn,
    OrganizationSettingsOut,
    RegionIn,
    RegionOut,
    RequirementIn,
    StoredRequirementOut,
)
from learning_service_client.transport import Transport


class DirectoryCalls(Transport):
    """What is told of organizations and members, and read of them."""

    async def put_organization(self, organization_id: str, facts: OrganizationIn) -> OrganizationOut:
        """Make or update the organization that the token speaks for."""
        answer = await self._send("PUT", f"/api/directory/organizations/{word(organization_id)}/", body=facts)
        return cast(OrganizationOut, answer.json())

    async def put_region(self, region_id: str, facts: RegionIn) -> RegionOut:
        """Make or update a region; one that was closed is open again."""
        answer = await self._send("PUT", f"/api/directory/regions/{word(region_id)}/", body=facts)
        return cast(RegionOut, answer.json())

    async def close_region(self, region_id: str) -> None:
        """Close a region that has no open chapters."""
        await self._send("DELETE", f"/api/directory/regions/{word(region_id)}/")

    async def put_chapter(self, chapter_id: str, facts: ChapterIn) -> ChapterOut:
        """Make or update a chapter."""
        answer = await self._send("PUT", f"/api/directory/chapters/{word(chapter_id)}/", body=facts)
        return cast(ChapterOut, answer.json())

    async def close_chapter(self, chapter_id: str) -> None:
        """Close a chapter that has no members."""
        await self._send("DELETE", f"/api/directory/chapters/{word(chapter_id)}/")

    async def read_member(self, user_id: str) -> MemberRecordOut:
        """One member, with all they learned."""
        return await self._get(MemberRecordOut, f"/api/directory/members/{word(user_id)}/")

    async def put_member(self, user_id: str, facts: MemberIn) -> MemberOut:
        """Make or update a member."""
        answer = await self._send("PUT", f"/api/directory/members/{word(user_id)}/", body=facts)
        return cast(MemberOut, answer.json())

    async def erase_member(self, user_id: str) -> None:
        """Erase a member's personal data: names, addresses, texts, PDFs."""
        await self._send("DELETE", f"/api/directory/members/{word(user_id)}/")

    async def read_accommodations(self, user_id: str) -> AccommodationsOut:
        """What a member needs at attempts."""
        return await self._get(AccommodationsOut, f"/api/directory/members/{word(user_id)}/accommodations/")

    async def put_accommodations(self, user_id: str, facts: AccommodationsIn) -> AccommodationsOut:
        """Say what a member needs at each attempt from now on, in every course."""
        answer = await self._send(
            "PUT", f"/api/directory/members/{word(user_id)}/accommodations/", body=facts
        )
        return cast(AccommodationsOut, answer.json())

    async def delete_accommodations(self, user_id: str) -> None:
        """End a member's accommodations."""
        await self._send("DELETE", f"/api/directory/members/{word(user_id)}/accommodations/")

    async def put_members(self, wanted: MemberBatchIn) -> BatchOut:
        """Make or update up to 5,000 members, all or none."""
        return await self._post(BatchOut, "/api/directory/members/batch/", wanted)

    async def receive_events(self, events: Sequence[MembershipEventIn]) -> EventsOut:
        """Apply membership events, one or up to 1,000, in any order; all or none."""
        return await self._post(EventsOut, "/api/directory/events/", list(events))

    async def put_requirement(self, requirement_id: str, facts: RequirementIn) -> StoredRequirementOut:
        """Make or update a compliance requirement that courses can be linked to."""
        answer = await self._send(
            "PUT", f"/api/directory/compliance-requirements/{word(requirement_id)}/", body=facts
        )
        return cast(StoredRequirementOut, answer.json())

    async def retire_requirement(self, requirement_id: str) -> None:
        """Retire a compliance requirement."""
        await self._send("DELETE", f"/api/directory/compliance-requirements/{word(requirement_id)}/")

    async def read_member_facets(self) -> FacetsOut:
        """What members have as status and custom fields."""
        return await self._get(FacetsOut, "/api/directory/facets/")

    def list_regions(
        self, *, limit: int | None = None, closed: bool | None = None
    ) -> AsyncIterator[ListedRegionOut]:
        """Regions to choose from."""
        return self._pages(ListedRegionOut, "/api/directory/regions/", limit=limit, closed=closed)

    def list_chapters(
        self,
        *,
        limit: int | None = None,
        closed: bool | None = None,
        q: str | None = None,
        region_id: str | None = None,
    ) -> AsyncIterator[ListedChapterOut]:
        """Chapters to choose from."""
        return self._pages(
            ListedChapterOut, "/api/directory/chapters/", limit=limit, closed=closed, q=q, region_id=region_id
        )

    def list_members(
        self,
        *,
        limit: int | None = None,
        chapter_id: str | None = None,
        q: str | None = None,
        region_id: str | None = None,
        sort: Literal["display_name", "-display_name", "status"] | None = None,
        status: str | None = None,
    ) -> AsyncIterator[ListedMemberOut]:
        """Members whom the caller administers."""
        return self._pages(
            ListedMemberOut,
            "/api/directory/members/",
            limit=limit,
            chapter_id=chapter_id,
            q=q,
            region_id=region_id,
            sort=sort,
            status=status,
        )

    async def read_organization(self) -> OrganizationSettingsOut:
        """The settings, defaults filled in."""
        return await self._get(OrganizationSettingsOut, "/api/organization/")

    async def update_organization(self, changes: OrganizationSettingsChangeIn) -> OrganizationSettingsOut:
        """Change what is sent; null clears what may be empty, such as the color or a signatory."""
        answer = await self._send("PATCH", "/api/organization/", body=changes)
        return cast(OrganizationSettingsOut, answer.json())
