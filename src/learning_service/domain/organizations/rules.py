"""An organization's settings: their defaults, and what a change of them may say.

Source: the contract, `GET`, `PATCH /api/organization/`.
"""

import re
from typing import Annotated, Any, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from learning_service.domain.directory.rules.facts import AdminRole, AdminRoles, Locale, distinct
from learning_service.domain.documents.rules import referenced_id
from learning_service.domain.kernel.errors import Wrong
from learning_service.domain.kernel.values import Name, StrictModel, Word, some

Paper: TypeAlias = Literal["a4", "letter"]
"""What certificates are laid out for."""
Orientation: TypeAlias = Literal["landscape", "portrait"]
"""Whether certificates are landscape or portrait."""
RevokedPdf: TypeAlias = Literal["mark", "refuse"]
"""Whether the PDF of a certificate that is revoked or superseded is stamped so, or not given out."""

OfficerDigest: TypeAlias = Literal["none", "weekly"]
"""Whether chapter and regional administrators get a mail each week of who is overdue and who lapses next."""

MailTopic: TypeAlias = Literal["assigned", "reminders", "results", "digest"]
"""What members may want mails of or not."""

DEFAULT_PAPER: Paper = "a4"
DEFAULT_ORIENTATION: Orientation = "landscape"
DEFAULT_REVOKED_PDF: RevokedPdf = "mark"
DEFAULT_REMINDER_DAYS = (7, 3, 1)
DEFAULT_OVERDUE_DAYS = (1, 7, 14)
DEFAULT_OFFICER_DIGEST: OfficerDigest = "none"
DEFAULT_RECERTIFICATION_WINDOW_DAYS = 30
DEFAULT_SKILLS_BY: tuple[AdminRole, ...] = ("national_admin", "regional_admin")
PICTURE_FIELDS = ("logo", "signature_image", "second_signature_image", "seal")
"""What refers to a picture among the organization's documents."""
PRINTED_FIELDS = ("signatory_name", "signatory_title", "second_signatory_name", "second_signatory_title")
"""What certificates print as it stands."""
MAX_DAYS = 365
MAX_REMINDERS = 10
MAX_VIDEO_HOSTS = 50
MAX_STATUSES = 100
_LABEL = re.compile(r"\A(?!-)[a-z0-9-]{1,63}(?<!-)\Z")


def dns_name(text: str) -> str:
    """The host in lower case. Raises ValueError for anything but a full DNS name: an address by number, a
    port, a wildcard, a whole URL.
    """
    host = text.lower()
    labels = host.split(".")
    if len(labels) < 2 or not all(_LABEL.match(label) for label in labels) or labels[-1].isdigit():
        raise Wrong(
            "must be a full DNS name such as player.example.org, without scheme or port", "wrong-form"
        )
    return host


def _document(text: str) -> str:
    if referenced_id(text) is None:
        raise Wrong("must be document: and the id of a document", "wrong-form")
    return text


def _frontend(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, local = parts.hostname or "", parts.hostname in ("localhost", "127.0.0.1")
        plain = parts.port != 0 and not any(c in text for c in "@?#\\<>\"'`{}|^ ")
    except ValueError:
        plain = False
    if not plain or not text.isascii() or not text.isprintable() or not host:
        raise Wrong("must be a plain address such as https://learn.example.org", "wrong-form")
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        raise Wrong("must begin with https://", "wrong-form")
    if not local:
        dns_name(host)
    return text.rstrip("/")


Color: TypeAlias = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]
"""`#rrggbb`."""
Days: TypeAlias = Annotated[
    tuple[Annotated[int, Field(ge=1, le=MAX_DAYS)], ...],
    Field(max_length=MAX_REMINDERS),
    AfterValidator(distinct),
]
VideoHost: TypeAlias = Annotated[str, Field(max_length=253), AfterValidator(dns_name)]
VideoHosts: TypeAlias = Annotated[
    tuple[VideoHost, ...], Field(max_length=MAX_VIDEO_HOSTS), AfterValidator(distinct)
]
"""Whose videos lessons may embed, by DNS name, each host exactly as named."""


ActiveStatuses: TypeAlias = Annotated[tuple[Word, ...], *some(MAX_STATUSES), AfterValidator(distinct)]
"""Statuses of members, whatever their case."""
FrontendUrl: TypeAlias = Annotated[str, Field(max_length=500), AfterValidator(_frontend)]
Website: TypeAlias = FrontendUrl
RequiredMails: TypeAlias = Annotated[
    tuple[MailTopic, ...], Field(max_length=len(get_args(MailTopic))), AfterValidator(distinct)
]
PictureReference: TypeAlias = Annotated[str, Field(max_length=60), AfterValidator(_document)]


class OrganizationSettingsChangeIn(StrictModel):
    """Changes of an organization's settings. What is absent stays; null clears what may be empty."""

    logo: PictureReference | None = None
    """`document:<id>` of a ready PNG or JPEG of the organization."""
    signature_image: PictureReference | None = None
    """As the logo: printed above the line of who signs."""
    seal: PictureReference | None = None
    """As the logo: printed beside the signature, and by itself where nobody signs."""
    primary_color: Color | None = None
    signatory_name: Name | None = None
    signatory_title: Name | None = None
    second_signatory_name: Name | None = None
    """Who signs beside the first; alone where there is no first."""
    second_signatory_title: Name | None = None
    second_signature_image: PictureReference | None = None
    """As the logo: printed above the second line."""
    paper: Paper = DEFAULT_PAPER
    orientation: Orientation = DEFAULT_ORIENTATION
    locale: Locale | None = None
    """How its certificates write dates, and words where the member's own language is not known."""
    score_on_certificates: bool = False
    """Whether certificates issued from now on, their pages and transcripts tell the score."""
    revoked_pdf: RevokedPdf = DEFAULT_REVOKED_PDF
    website: Website | None = None
    """The organization's own, shown to who looks at a certificate and said in its credential."""
    frontend_url: FrontendUrl | None = None
    """Where the buttons of mails lead: `/courses/{id}`, `/enrollments/{id}` and `/certificates/{id}` follow it. Null:
    mails have no buttons."""
    reminder_days: Days = DEFAULT_REMINDER_DAYS
    """How many days before the due time learners are reminded; empty: never."""
    overdue_days: Days = DEFAULT_OVERDUE_DAYS
    """How many days after the due time learners are told that they are overdue; empty: never."""
    officer_digest: OfficerDigest = DEFAULT_OFFICER_DIGEST
    recertification_window_days: Annotated[int, Field(ge=1, le=MAX_DAYS)] = (
        DEFAULT_RECERTIFICATION_WINDOW_DAYS
    )
    video_hosts: VideoHosts = ()
    blind_grading: bool = False
    skills_by: AdminRoles = DEFAULT_SKILLS_BY
    required_mails: RequiredMails = ()
    """Mails that members get whatever they prefer."""
    active_statuses: ActiveStatuses | None = None
    """Members of other statuses count in no roll-up and get no mail and no renewal; null: all are active."""

    def changes(self) -> dict[str, Any]:
        """The fields that were sent, as they are stored."""
        sent = {name: getattr(self, name) for name in sorted(self.model_fields_set - set(PICTURE_FIELDS))}
        for field in sorted(self.model_fields_set & set(PICTURE_FIELDS)):
            sent[f"{field}_id"] = referenced_id(getattr(self, field))
        return {name: list(value) if isinstance(value, tuple) else value for name, value in sent.items()}
