"""What the directory accepts, and what a membership event changes. Pure."""

from learning_service.domain.directory.rules.facts import (
    ChapterFacts,
    CustomFields,
    MemberBatch,
    MemberFacts,
    MemberRow,
    OrganizationFacts,
    RegionFacts,
    RequirementFacts,
    Timezone,
)
from learning_service.domain.directory.rules.membership import MembershipEventIn, MembershipEvents

__all__ = [
    "ChapterFacts",
    "CustomFields",
    "MemberBatch",
    "MemberFacts",
    "MemberRow",
    "MembershipEventIn",
    "MembershipEvents",
    "OrganizationFacts",
    "RegionFacts",
    "RequirementFacts",
    "Timezone",
]
