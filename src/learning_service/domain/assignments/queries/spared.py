"""Whom assignments of a course pass over, however they stand there: exempt members, those of whom evidence shows that
they meet its requirement, and those whose enrollment in it an administrator removed."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, case, exists, literal, or_, select

from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.evidence.queries import proven_by
from learning_service.domain.exemptions.models import RemovedAssignment
from learning_service.domain.exemptions.queries import exempt_from
from learning_service.domain.kernel.planning import FENCE, among

EXEMPT, PROVEN, REMOVED = "exempt", "proven", "removed"


def spares_members(course: Any, instant: datetime) -> ColumnElement[bool]:
    """Whether assignments of a course (its columns) may pass over some member so."""
    exempt = exempt_from(course.organization_id, course.id, course.linked_compliance_requirement, instant)
    proven = proven_by(course.organization_id, course.linked_compliance_requirement, instant)
    return or_(exists(exempt), exists(proven), exists(_removed(course.organization_id, course.id)))


def why_spared(course: Any, user_id: Any, instant: datetime) -> ColumnElement[Any]:
    """Why an assignment of the course passes over a member: `exempt`, `proven`, `removed`, or NULL.

    A removal counts until there is a later enrollment, which a person has made.
    """
    organization_id, course_id = course.organization_id, course.id
    exempt = exempt_from(organization_id, course_id, course.linked_compliance_requirement, instant)
    proven = proven_by(organization_id, course.linked_compliance_requirement, instant)
    later = select(Enrollment.id).where(
        Enrollment.organization_id == organization_id,
        Enrollment.user_id == RemovedAssignment.user_id,
        Enrollment.course_id == course_id,
        Enrollment.assigned_at >= RemovedAssignment.removed_at,
    )
    removed = _removed(organization_id, course_id).where(~exists(later.offset(FENCE)))
    return case(
        (among(user_id, exempt), literal(EXEMPT, Text)),
        (among(user_id, proven), literal(PROVEN, Text)),
        (among(user_id, removed), literal(REMOVED, Text)),
    )


def _removed(organization_id: Any, course_id: Any) -> Any:
    return select(RemovedAssignment.user_id).where(
        RemovedAssignment.organization_id == organization_id, RemovedAssignment.course_id == course_id
    )
