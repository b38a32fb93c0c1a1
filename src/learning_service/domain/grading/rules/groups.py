"""Which responses read alike. Pure."""

import hashlib
import uuid
from dataclasses import dataclass

from learning_service.domain.questions.rules.answer_keys import AnswerKey

BEGINNING = 200
"""Longer texts are alike only when they are the same: normalizing them would keep a submission waiting. Of every text
so much is compared for what is similar."""


@dataclass(frozen=True, slots=True)
class AnswerGroup:
    """A group of responses to one question, and how their normal form begins."""

    id: uuid.UUID
    normal: str


def group_of(key: AnswerKey, text: str) -> AnswerGroup:
    """The group of a text: that of all texts which the question's own rules take for the same."""
    normal = text if len(text) > BEGINNING else key.likeness(text)
    return AnswerGroup(_id(key.question_id, normal), normal[:BEGINNING])


def _id(question_id: str, normal: str) -> uuid.UUID:
    digest = hashlib.sha256(uuid.UUID(question_id).bytes + normal.encode("utf-8", "surrogatepass"))
    return uuid.UUID(bytes=digest.digest()[:16])
