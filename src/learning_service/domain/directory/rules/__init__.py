"""What the directory accepts, and what a membership event changes. Pure."""

from learning_service.domain.directory.rules.facts import (
    ChapterFacts,
    CustomFields,
    MemberFacts,
    OrganizationFacts,
    RegionFacts,
    RequirementFacts,
    Timezone,
)

__all__ = [
    "ChapterFacts",
    "CustomFields",
    "MemberFacts",
    "OrganizationFacts",
    "RegionFacts",
    "RequirementFacts",
    "Timezone",
]
