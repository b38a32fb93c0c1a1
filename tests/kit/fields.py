"""The exact field sets of the contract, and what every refusal has in common."""

import uuid
from typing import Any, get_args
from urllib.parse import unquote

import httpx

from learning_service.domain.kernel.errors import FaultCode

COURSE = {
    "id",
    "title",
    "scope",
    "scope_id",
    "self_enrollment",
    "recertification_cadence",
    "recertification",
    "linked_compliance_requirement",
    "published_version",
    "draft_version",
    "pass_score",
    "archived",
    "description_html",
    "image_url",
    "language",
    "estimated_minutes",
    "credit_hours",
    "category",
    "prerequisites",
    "sequence",
}
TREE = {
    "title",
    "description_html",
    "image_url",
    "language",
    "estimated_minutes",
    "credit_hours",
    "pass_score",
    "mastered_skills",
    "modules",
    "assessment",
}
ENROLLMENT = {
    "id",
    "course_id",
    "course_title",
    "version",
    "status",
    "assigned_at",
    "due_at",
    "overdue",
    "source",
    "withdrawn_at",
    "awaiting_review",
}
LISTED_ENROLLMENT = ENROLLMENT | {"completed_at", "score", "certificate_id"}
PROGRESS = {
    "enrollment_id",
    "course_id",
    "course_title",
    "status",
    "items_completed",
    "items_total",
    "percent",
    "due_at",
    "overdue",
    "awaiting_review",
    "next_item",
}
LISTED_PROGRESS = PROGRESS | {"completed_at", "score", "certificate_id", "missing_prerequisites"}
TOTALS = {"assigned", "in_progress", "completed", "failed", "overdue"}
MODULES = {"items", "next_cursor", "version", "enrollment", "assessment"}
MODULE = {"id", "key", "title", "items"}
ITEM = {"kind", "id", "key", "title", "required", "completed_at", "kept"}
LESSON = ITEM | {"body_html", "video_url", "document_url", "image_url"}
QUIZ = ITEM | {
    "pass_score",
    "max_attempts",
    "time_limit_seconds",
    "retry_delay_seconds",
    "question_count",
    "attempts_used",
    "best_score",
    "passed",
}
QUESTION = {"id", "key", "type", "prompt_html", "points"}
STARTED = {"attempt_id", "number", "started_at", "deadline_at", "server_time", "questions"}
SAVED = {"attempt_id", "saved", "sequence", "deadline_at", "server_time"}
SUBMISSION = {
    "attempt_id",
    "number",
    "status",
    "points",
    "max_points",
    "score",
    "passed",
    "attempts_remaining",
    "responses",
    "enrollment",
}
ATTEMPT = SUBMISSION | {"deadline_at", "submitted_at"}
MARK = {"question_id", "points_awarded", "correct", "feedback"}
CERTIFICATE = {
    "id",
    "course_id",
    "course_title",
    "status",
    "issued_at",
    "expires_at",
    "verification_url",
    "pdf_ready",
    "reissued_at",
}
COMPLIANCE = {
    "user_id",
    "chapter_id",
    "requirement_id",
    "display_name",
    "chapter_name",
    "requirement_name",
    "status",
    "completed_at",
    "expires_at",
    "due_at",
}
SKILL = {"skill_id", "name", "acquired_at", "course_id"}
ME = {"user_id", "organization_id", "name", "roles", "scopes", "is_member"}
PROBLEM = {"type", "title", "status", "detail", "instance", "code", "request_id"}


def random_id() -> str:
    """An id that names nothing."""
    return str(uuid.uuid4())


def refused(answer: httpx.Response, status: int, code: str | None = None) -> dict[str, Any]:
    """Insist on a whole problem document with this status (and code), and give it back."""
    assert answer.status_code == status, f"{answer.status_code} instead of {status}: {answer.text[:500]}"
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    expected = PROBLEM | ({"errors"} if status == 422 else set())
    assert set(problem) == expected, problem
    assert problem["status"] == status
    assert problem["instance"].isascii(), "a reference, so what is odd in it is escaped"
    assert unquote(problem["instance"]) == answer.request.url.path
    assert problem["request_id"] == answer.headers["x-request-id"]
    if code is not None:
        assert problem["code"] == code, problem
    if status == 401:
        assert answer.headers["www-authenticate"].startswith("Bearer")
    for fault in problem.get("errors", ()):
        assert set(fault) == {"pointer", "code", "params", "detail"}
        assert fault["code"] in get_args(FaultCode), fault
        assert "items" not in fault["detail"], fault
    return problem


def same_as_unknown(answer: httpx.Response, unknown: httpx.Response) -> None:
    """Insist on the same 404 as for an id that names nothing."""
    ours, theirs = refused(answer, 404, "not-found"), refused(unknown, 404, "not-found")
    for field in ("instance", "request_id"):
        ours.pop(field)
        theirs.pop(field)
    assert ours == theirs
    skipped = {"x-request-id", "content-length"}
    headers = [{k: v for k, v in a.headers.items() if k not in skipped} for a in (answer, unknown)]
    assert headers[0] == headers[1]
