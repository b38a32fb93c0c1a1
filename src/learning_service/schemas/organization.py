"""Wire types of an organization's settings."""

from learning_service.domain.directory.rules.facts import AdminRole
from learning_service.domain.organizations.rules import (
    MailTopic,
    OfficerDigest,
    Orientation,
    Paper,
    RevokedPdf,
)
from learning_service.schemas.common import Out


class OrganizationSettingsOut(Out):
    """What the learning service itself keeps of an organization."""

    logo: str | None
    signature_image: str | None
    """Printed above the line of who signs."""
    seal: str | None
    """Printed beside the signature, and by itself where nobody signs."""
    primary_color: str | None
    signatory_name: str | None
    signatory_title: str | None
    second_signatory_name: str | None
    second_signatory_title: str | None
    second_signature_image: str | None
    """Printed above the line of who signs beside the first."""
    paper: Paper
    orientation: Orientation
    """Whether certificates are landscape or portrait."""
    locale: str | None
    """How certificates write dates, and words where the member's own language is not known."""
    score_on_certificates: bool
    """Whether certificates, their pages and transcripts tell the score."""
    revoked_pdf: RevokedPdf
    """Whether PDFs of revoked and superseded certificates are stamped so, or not given out (410)."""
    website: str | None
    """The organization's own, shown to who looks at a certificate."""
    frontend_url: str | None
    """Where the buttons of mails lead; null: mails have no buttons."""
    reminder_days: list[int]
    """So many days before the due time members are reminded."""
    overdue_days: list[int]
    """How many days after the due time learners are told that they are overdue."""
    officer_digest: OfficerDigest
    """Whether chapter and regional administrators get a mail each week of who is overdue and who lapses next."""
    recertification_window_days: int
    video_hosts: list[str]
    blind_grading: bool
    skills_by: list[AdminRole]
    required_mails: list[MailTopic]
    """Mails that members get whatever they prefer."""
    active_statuses: list[str] | None
    """States in which members must meet requirements; null: the service's own choice."""
