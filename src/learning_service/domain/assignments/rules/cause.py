"""Why a course is assigned to a member."""

import uuid
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Cause:
    """Why enrollments are made. `each` maps members to causes of their own, in place of `id`."""

    source: str
    kind: str
    id: str
    actor_id: str
    rule_id: uuid.UUID | None = None
    run_id: uuid.UUID | None = None
    each: dict[str, str] = field(default_factory=dict)
