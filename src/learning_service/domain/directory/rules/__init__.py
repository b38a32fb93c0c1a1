"""What the directory accepts, and what a membership event changes. Pure."""

from learning_service.domain.directory.rules.facts import (
    BatchMemberIn,
    ChapterIn,
    CustomFields,
    MemberBatchIn,
    MemberIn,
    OrganizationIn,
    RegionIn,
    RequirementIn,
    Timezone,
)
from learning_service.domain.directory.rules.membership import MembershipEventIn, MembershipEvents

__all__ = [
    "BatchMemberIn",
    "ChapterIn",
    "CustomFields",
    "MemberBatchIn",
    "MemberIn",
    "MembershipEventIn",
    "MembershipEvents",
    "OrganizationIn",
    "RegionIn",
    "RequirementIn",
    "Timezone",
]
