"""What members choose, on the wire."""

from learning_service.domain.organizations.rules import MailTopic
from learning_service.schemas.common import Out


class MailOut(Out):
    """Which mails a member wants."""

    assigned: bool
    """That something was assigned."""
    reminders: bool
    """That something is due, or overdue."""
    results: bool
    """What came of an attempt that a person graded, and certificates."""
    digest: bool
    """The weekly digest of officers."""


class PreferencesOut(Out):
    """What a member chose, defaults filled in."""

    locale: str | None
    """Null: the directory's, else the organization's, else English."""
    mail: MailOut
    """Which mails are sent."""
    required_mails: list[MailTopic]
    """Kinds that the organization sends all the same."""
