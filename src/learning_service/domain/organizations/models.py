"""The table of organization settings."""

import uuid

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, ForeignKeyConstraint, Integer, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base


class OrganizationSettings(Base):
    """An organization's settings; without a row the defaults hold (see `rules`)."""

    __tablename__ = "organization_settings"
    __table_args__ = (
        CheckConstraint("paper IN ('a4', 'letter')", name="paper"),
        CheckConstraint("orientation IN ('landscape', 'portrait')", name="orientation"),
        CheckConstraint("officer_digest IN ('none', 'weekly')", name="officer_digest"),
        CheckConstraint("revoked_pdf IN ('mark', 'refuse')", name="revoked_pdf"),
        CheckConstraint("recertification_window_days BETWEEN 1 AND 365", name="recertification_window_days"),
        ForeignKeyConstraint(
            ["organization_id", "logo_id"],
            ["documents.organization_id", "documents.id"],
            name="fk_organization_settings_logo",
        ),
    )

    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    logo_id: Mapped[uuid.UUID | None]
    """A picture among the organization's documents."""
    signature_image_id: Mapped[uuid.UUID | None]
    """As the logo: what stands above the signatory's line."""
    seal_id: Mapped[uuid.UUID | None]
    """As the logo: what certificates are sealed with."""
    primary_color: Mapped[str | None]
    signatory_name: Mapped[str | None]
    signatory_title: Mapped[str | None]
    second_signatory_name: Mapped[str | None]
    second_signatory_title: Mapped[str | None]
    second_signature_image_id: Mapped[uuid.UUID | None]
    paper: Mapped[str] = mapped_column(server_default="a4")
    orientation: Mapped[str] = mapped_column(server_default="landscape")
    locale: Mapped[str | None]
    """How its certificates write dates, and words where the member says nothing; None: as in English."""
    score_on_certificates: Mapped[bool] = mapped_column(server_default=false())
    revoked_pdf: Mapped[str] = mapped_column(server_default="mark")
    """What becomes of the PDF of a certificate that is revoked or superseded: `mark` or `refuse`."""
    website: Mapped[str | None]
    """The organization's own, without a slash at its end, for who looks at a certificate."""
    frontend_url: Mapped[str | None]
    """Where the buttons of mails lead, without a slash at its end; None: mails have no buttons."""
    reminder_days: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    overdue_days: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default=text("'{1,7,14}'"))
    officer_digest: Mapped[str] = mapped_column(server_default="none")
    recertification_window_days: Mapped[int]
    video_hosts: Mapped[list[str]] = mapped_column(ARRAY(Text))
    blind_grading: Mapped[bool]
    skills_by: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default=text("'{national_admin,regional_admin}'")
    )
    required_mails: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    """Kinds of mails that members get whatever they prefer."""
    active_statuses: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    """Members of other statuses count in no roll-up and get no mail and no renewal; None: all are active."""
