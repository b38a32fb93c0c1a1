"""What each job is told, one class each: its name, its queue, and ids, never names of people or texts.

A row keeps it as JSON. Processes of the release before and after read the same rows, so that a field is added with a
default, and one that a row has beside them is passed over. What was not said is not written.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from learning_service.domain.kernel.values import JsonObject


class Unworkable(Exception):
    """No retry can help this job; it is dead at once, with this reason."""


class Payload(BaseModel):
    """What a job is told."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)
    name: ClassVar[str]
    """Of the job, the same for as long as rows may have it."""
    queue: ClassVar[str] = "jobs"
    """In which its rows wait."""

    @property
    def arguments(self) -> JsonObject:
        """As a row keeps it."""
        return self.model_dump(mode="json", exclude_unset=True)

    @classmethod
    def read(cls, arguments: Mapping[str, Any]) -> Self:
        """What a row says. Raises Unworkable for a row that does not say it."""
        try:
            return cls.model_validate(arguments)
        except ValidationError as error:
            wrong = ", ".join(".".join(map(str, fault["loc"])) or "all" for fault in error.errors())
            raise Unworkable(f"arguments of {cls.name} that are not as they should be: {wrong}") from error


class ApplyPolicy(Payload):
    """Give what a course came to demand to completions of before."""

    name = "apply_policy"
    course_id: uuid.UUID
    requirement_id: str | None
    cadence: str | None


class AutoAssignCourses(Payload):
    """Evaluate the assignment rules for members who changed."""

    name = "auto_assign_courses"
    cause_kind: str
    causes: dict[str, str]
    """What changed each, by the member's id."""


class ChangeEnrollments(Payload):
    """Change many enrollments."""

    name = "change_enrollments"
    run_id: uuid.UUID


class CheckDocument(Payload):
    """Look into an uploaded PDF or picture."""

    name = "check_document"
    document_id: uuid.UUID


class CloseAttempt(Payload):
    """Close an overdue attempt that could not be closed with the others."""

    name = "close_attempt"
    attempt_id: uuid.UUID


class ConvertDocument(Payload):
    """Make a PDF of an uploaded presentation."""

    name = "convert_document"
    queue = "converter"
    document_id: uuid.UUID


class DeliverWebhooks(Payload):
    """Send what is due for one webhook."""

    name = "deliver_webhooks"
    queue = "webhooks"
    webhook_id: uuid.UUID


class EraseFiles(Payload):
    """Delete files of an erased member from the store."""

    name = "erase_files"
    keys: tuple[str, ...]


class GenerateCertificates(Payload):
    """Make the PDF of a certificate, named by itself or by its completion."""

    name = "generate_certificates"
    completion_id: uuid.UUID | None = None
    certificate_id: uuid.UUID | None = None
    mark: Literal["revoked", "superseded"] | None = None
    """What it says across it."""


class GradeGroup(Payload):
    """Give the waiting responses of a group its grade."""

    name = "grade_group"
    group_id: uuid.UUID


class ImportRows(Payload):
    """Take in the rows of a file."""

    name = "import_rows"
    run_id: uuid.UUID


class MakeTranscript(Payload):
    """Make a member's transcript as a PDF."""

    name = "make_transcript"
    user_id: str


class MeasureStatistics(Payload):
    """Make the statistics of a quiz with very many attempts."""

    name = "measure_statistics"
    version_id: uuid.UUID
    quiz_key: str


class MoveEnrollments(Payload):
    """Move open enrollments to another version."""

    name = "move_enrollments"
    run_id: uuid.UUID


class OpenSteps(Payload):
    """Assign what comes next in programs."""

    name = "open_steps"
    enrollment_ids: tuple[uuid.UUID, ...]


class PlanAssignmentMails(Payload):
    """Claim the mails for enrollments that were made together: at one moment, in one course or all."""

    name = "plan_assignment_mails"
    moment: uuid.UUID
    course_id: uuid.UUID | None = None


class PlanMailOfCertificate(Payload):
    """Claim the mail that says that a certificate is ready."""

    name = "plan_mail_of_certificate"
    certificate_id: uuid.UUID


class PlanMailOfEvidence(Payload):
    """Claim the mail that tells a member what was decided of their evidence."""

    name = "plan_mail_of_evidence"
    evidence_id: uuid.UUID


class PlanMailOfResult(Payload):
    """Claim the mail that says what a person graded."""

    name = "plan_mail_of_result"
    attempt_id: uuid.UUID


class Regrade(Payload):
    """Grade attempts again by a corrected key."""

    name = "regrade"
    regrade_id: uuid.UUID


class RunAssignments(Payload):
    """Assign a course to the members of a run."""

    name = "run_assignments"
    run_id: uuid.UUID


class SendMails(Payload):
    """Send claimed mails, all of one kind."""

    name = "send_mails"
    reminder_ids: tuple[uuid.UUID, ...] = ()
    notice_ids: tuple[uuid.UUID, ...] = ()
    digest_ids: tuple[uuid.UUID, ...] = ()
    evidence_ids: tuple[uuid.UUID, ...] = ()

    def ids_of(self, kind: Literal["reminder", "notice", "digest", "evidence"]) -> tuple[uuid.UUID, ...]:
        """Those of this kind."""
        return {
            "reminder": self.reminder_ids,
            "notice": self.notice_ids,
            "digest": self.digest_ids,
            "evidence": self.evidence_ids,
        }[kind]


class SettleRule(Payload):
    """Pause, withdraw or resume what a rule has made, whose audience was changed."""

    name = "settle_rule"
    rule_id: uuid.UUID


class SignCredential(Payload):
    """Sign the credential of a certificate of before there were any."""

    name = "sign_credential"
    certificate_id: uuid.UUID


class TellOfDisabledWebhook(Payload):
    """Claim the mails that say that a webhook was disabled."""

    name = "tell_of_disabled_webhook"
    webhook_id: uuid.UUID
    disabled_at: datetime


class UndoAssignments(Payload):
    """Remove what a run assigned."""

    name = "undo_assignments"
    run_id: uuid.UUID
    reach: JsonObject | None = None
    """Of the person who undoes it; none: the run's own, as in rows from before this was kept."""
