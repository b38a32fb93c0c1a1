"""Wire types of accommodations."""

from datetime import datetime

from learning_service.schemas.common import Number, Out


class AccommodationsOut(Out):
    """What a member needs at each attempt from then on."""

    user_id: str
    time_multiplier: Number
    """How many times as long an attempt with a time limit may take."""
    extra_attempts: int
    """Attempts beyond the limit of each quiz and assessment."""
    reason: str
    """Why it was granted."""
    granted_by: str
    """Who granted it."""
    granted_at: datetime
