"""Tables of the directory. Ids are made elsewhere, so every key is the organization's together with the id."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import FetchedValue, ForeignKey, ForeignKeyConstraint, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base, new_id
from learning_service.domain.kernel.values import JsonObject

NATIONAL = '[{"role": "national_admin"}]'
"""What the offices of a national administrator contain."""


class Organization(Base):
    """A national membership organization: the tenant."""

    __tablename__ = "organizations"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    timezone: Mapped[str]
    """IANA name; days begin and end there."""
    authoring_roles: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    """Which of the admin roles may author courses of their unit."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Region(Base):
    """A part of an organization."""

    __tablename__ = "regions"

    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    closed_at: Mapped[datetime | None]
    """When the directory closed it; it leaves lists and can be named nowhere any more."""


class Chapter(Base):
    """A local group within a region."""

    __tablename__ = "chapters"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "region_id"], ["regions.organization_id", "regions.id"]),
        Index("ix_chapters_region", "organization_id", "region_id"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    region_id: Mapped[str]
    name: Mapped[str]
    closed_at: Mapped[datetime | None]
    """As a region's. A closed chapter has no members."""


class Member(Base):
    """A person who belongs to a chapter.

    Erasure moves the row to an id that no member has (see `ErasedMember`) and nulls what is personal.
    """

    __tablename__ = "members"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "chapter_id"], ["chapters.organization_id", "chapters.id"]),
        Index("ix_members_chapter", "organization_id", "chapter_id", "user_id"),
        Index("ix_members_name", "organization_id", "search_text", "user_id"),
        Index("ix_members_status", "organization_id", "status", "user_id"),
        Index(
            "ix_members_search",
            "organization_id",
            "search_text",
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        ),
        Index(
            "ix_members_national_admins",
            "organization_id",
            "user_id",
            postgresql_where=text(f"offices @> '{NATIONAL}'::jsonb"),
        ),
    )

    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    chapter_id: Mapped[str]
    status: Mapped[str]
    display_name: Mapped[str | None]
    """None once erased."""
    email: Mapped[str | None]
    custom_fields: Mapped[JsonObject]
    locale: Mapped[str | None]
    timezone: Mapped[str | None]
    offices: Mapped[list[JsonObject]] = mapped_column(JSONB, server_default="[]")
    """Who gets officers' mails: `role`, and `scope_id` but for national ones. No rights follow from it."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
    """When the personal data was erased; such a member is unknown to every other call."""
    clocks: Mapped[JsonObject] = mapped_column(server_default="{}")
    """Which event last set status, chapter and each custom field; see `rules.membership`."""
    search_text: Mapped[str | None] = mapped_column(Text(collation="C"), server_default=FetchedValue())
    """Name and address without accents and case, written by a trigger; see `queries.search`."""


class MembershipEvent(Base):
    """An event from the membership service: applied once, and parked while its member is unknown."""

    __tablename__ = "membership_events"
    __table_args__ = (
        Index("uq_membership_events_event", "organization_id", "source", "event_id", unique=True),
        Index("ix_membership_events_member", "organization_id", "user_id"),
        Index("ix_membership_events_parked", "received_at", postgresql_where=text("data IS NOT NULL")),
    )

    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    source: Mapped[str]
    event_id: Mapped[str]
    user_id: Mapped[str]
    """Whom it is about; not a foreign key, because that member may still be to come."""
    time: Mapped[datetime]
    received_at: Mapped[datetime]
    data: Mapped[JsonObject | None] = mapped_column(JSONB(none_as_null=True))
    """What it says, while it is parked; None afterwards: the member says it then."""


class ErasedMember(Base):
    """A person with this id was erased; this row says under which id their records are kept.

    The records' id (`erased/` and a random part) is none that the directory could ever name, so a person who gets the
    old id later starts with nothing.
    """

    __tablename__ = "erased_members"
    __table_args__ = (Index("ix_erased_members_user", "organization_id", "user_id"),)

    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    record_id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    erased_at: Mapped[datetime]


class MemberChange(Base):
    """One change of a member's status, chapter or custom field, at the time at which it happened.

    A field that no change names was always what it is now. Custom fields are personal and go at erasure.
    """

    __tablename__ = "member_changes"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "user_id"], ["members.organization_id", "members.user_id"]),
        Index(
            "ix_member_changes_field",
            "organization_id",
            "field",
            "user_id",
            "at",
            "id",
            postgresql_include=["was", "value"],
            postgresql_where=text("field IN ('status', 'chapter_id')"),
        ),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    """`status`, `chapter_id`, or `custom_fields.` and the field's name."""
    at: Mapped[datetime] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    was: Mapped[list[Any]]
    """What it was before the first change: a list of one value, or of none where the field was absent."""
    value: Mapped[list[Any]]
    """What it was from then on, in the same form."""


class ComplianceRequirement(Base):
    """Something that members must show they have met, linked to by courses."""

    __tablename__ = "compliance_requirements"

    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    linkable_by: Mapped[list[str]] = mapped_column(
        ARRAY(TEXT), server_default=text("'{national_admin,regional_admin}'")
    )
    """The roles that may link a course to it; kept here, not by the directory."""
    audience_filter: Mapped[JsonObject | None] = mapped_column(JSONB(none_as_null=True))
    """Who must meet it, as sent; None: all active members. Kept here too."""
    closed_at: Mapped[datetime | None]
    """When the directory retired it; it leaves lists, roll-ups and links."""
    closed_links: Mapped[list[uuid.UUID] | None] = mapped_column(ARRAY(Uuid))
    """The courses that were linked to it then; they are again when it is opened again."""
