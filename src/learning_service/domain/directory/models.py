"""Tables of the directory. Ids are made elsewhere, so every key is the organization's together with the id."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.base import Base


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


class Member(Base):
    """A person who belongs to a chapter. Erasure nulls what is personal and keeps the row."""

    __tablename__ = "members"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "chapter_id"], ["chapters.organization_id", "chapters.id"]),
        Index("ix_members_chapter", "organization_id", "chapter_id", "user_id"),
    )

    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    chapter_id: Mapped[str]
    status: Mapped[str]
    display_name: Mapped[str | None]
    """None once erased."""
    email: Mapped[str | None]
    custom_fields: Mapped[dict[str, Any]]
    locale: Mapped[str | None]
    timezone: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
    """When the personal data was erased; such a member is unknown to every other call."""


class ComplianceRequirement(Base):
    """Something that members must show they have met, linked to by courses."""

    __tablename__ = "compliance_requirements"

    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
