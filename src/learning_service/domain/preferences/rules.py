"""What a change of preferences may say, and the token in a mail that ends its kind. Pure."""

import base64
import binascii
import hmac
import json
from dataclasses import dataclass
from typing import get_args

from learning_service.domain.directory.rules.facts import Locale
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.values import StrictModel
from learning_service.domain.organizations.rules import MailTopic

TOPICS: tuple[MailTopic, ...] = get_args(MailTopic)
UNSUBSCRIBING = "unsubscribing"
"""The purpose of the keys that sign tokens."""
TOPIC_OF: dict[str, MailTopic] = {
    "assigned": "assigned",
    "expiring": "reminders",
    "due": "reminders",
    "overdue": "reminders",
    "result": "results",
    "certificate": "results",
    "evidence": "results",
    "digest": "digest",
}
"""What members choose by, for each kind of reminder."""
_SIGNATURE = 16


class MailChangeIn(StrictModel):
    """Which mails are wanted; what is absent stays."""

    assigned: bool = True
    """When a course is assigned."""
    reminders: bool = True
    """Before a course is due, and when it is overdue."""
    results: bool = True
    """When a grader has judged an attempt, and when a certificate is ready."""
    digest: bool = True
    """Officers' weekly mail."""


class PreferencesChangeIn(StrictModel):
    """Changes of preferences; what is absent stays, null goes back to the directory's language."""

    locale: Locale | None = None
    """Language of mails as a tag such as `es`; null: the directory's."""
    mail: MailChangeIn = MailChangeIn()
    """Which mails to send."""

    def changes(self) -> dict[str, object]:
        """The fields that were sent, as they are stored."""
        sent: dict[str, object] = {"locale": self.locale} if "locale" in self.model_fields_set else {}
        if "mail" in self.model_fields_set:
            sent |= {f"mail_{name}": getattr(self.mail, name) for name in sorted(self.mail.model_fields_set)}
        return sent


@dataclass(frozen=True, slots=True)
class Unsubscribing:
    """Whose mails of which kind a token ends."""

    organization_id: str
    user_id: str
    topic: MailTopic


def unsubscribe_token(ending: Unsubscribing, keys: tuple[bytes, ...]) -> str:
    """The token of this ending. The first key signs; the others are believed as well."""
    payload = json.dumps([ending.organization_id, ending.user_id, ending.topic]).encode()
    return base64.urlsafe_b64encode(_sign(keys[0], payload) + payload).decode().rstrip("=")


def read_unsubscribe_token(token: str, keys: tuple[bytes, ...]) -> Unsubscribing:
    """What the token ends. Raises NotFound for one that is not ours."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise NotFound from None
    signature, payload = raw[:_SIGNATURE], raw[_SIGNATURE:]
    if not any(hmac.compare_digest(signature, _sign(key, payload)) for key in keys):
        raise NotFound
    return Unsubscribing(*json.loads(payload))


def _sign(key: bytes, payload: bytes) -> bytes:
    return hmac.digest(key, payload, "sha256")[:_SIGNATURE]
