"""Wire types of attestations."""

from datetime import datetime

from learning_service.domain.kernel.values import Name, StrictModel
from learning_service.schemas.common import Out


class SignatureIn(StrictModel):
    """A signature."""

    typed_name: Name
    """The learner's name, as they type it."""


class SignatureOut(Out):
    """The signature that stands: the first under this text."""

    typed_name: str
    signed_at: datetime
    text_hash: str
