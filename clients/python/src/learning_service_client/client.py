"""The calls, by the names of the reference."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from learning_service_client.calls.attestations import AttestationCalls
from learning_service_client.calls.authoring import AuthoringCalls
from learning_service_client.calls.banks import BankCalls
from learning_service_client.calls.certificates import CertificateCalls
from learning_service_client.calls.compliance import ComplianceCalls
from learning_service_client.calls.directory import DirectoryCalls
from learning_service_client.calls.documents import DocumentCalls
from learning_service_client.calls.enrollments import EnrollmentCalls
from learning_service_client.calls.events import EventCalls
from learning_service_client.calls.evidence import EvidenceCalls
from learning_service_client.calls.exchange import ExchangeCalls
from learning_service_client.calls.exemptions import ExemptionCalls
from learning_service_client.calls.grading import GradingCalls
from learning_service_client.calls.operation import OperationCalls
from learning_service_client.calls.own import OwnCalls
from learning_service_client.calls.programs import ProgramCalls
from learning_service_client.calls.rules import RuleCalls
from learning_service_client.parts import Id, given, uuid_of
from learning_service_client.shapes import (
    AdministeredCertificateOut,
    AssignedOut,
    CertificateOut,
    ComplianceOut,
    CourseOut,
    EnrollmentStatus,
    FileAddressOut,
    ListedCourseOut,
    ListedEnrollmentOut,
    ListedProgressOut,
    MemberEnrollmentOut,
    MeOut,
    ModulesOut,
    ProgressOut,
    PublishedCourseOut,
    QuizOut,
    Response,
    SavedAttemptOut,
    Scope,
    SeenCourseOut,
    SignatureOut,
    StartedAttemptOut,
    StoredTreeOut,
    SubmissionOut,
    Tree,
    VerificationOut,
)
from learning_service_client.transport import STILL_BEING_MADE


@dataclass(frozen=True, slots=True)
class Draft:
    """A course's draft as it was read or saved; `etag` stands for exactly this state."""

    tree: Tree
    etag: str


class LearningClient(
    AuthoringCalls,
    BankCalls,
    CertificateCalls,
    ComplianceCalls,
    DirectoryCalls,
    DocumentCalls,
    EnrollmentCalls,
    EventCalls,
    ExchangeCalls,
    EvidenceCalls,
    AttestationCalls,
    ExemptionCalls,
    GradingCalls,
    OperationCalls,
    OwnCalls,
    ProgramCalls,
    RuleCalls,
):
    """The learning service for one caller."""

    async def read_me(self) -> MeOut:
        """The caller: name, organization, and what they may do."""
        return await self._get(MeOut, "/api/me/")

    def list_courses(
        self,
        *,
        q: str | None = None,
        category: str | None = None,
        language: str | None = None,
        mine: Literal["not_started", "in_progress", "completed", "failed"] | None = None,
        sort: Literal["title", "-published_at"] | None = None,
        status: Literal["draft"] | None = None,
        expand: Literal["mine"] | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[ListedCourseOut]:
        """The catalogue; `limit` is the size of a page."""
        return self._pages(
            ListedCourseOut,
            "/api/courses/",
            q=q,
            category=category,
            language=language,
            mine=mine,
            sort=sort,
            status=status,
            expand=expand,
            limit=limit,
        )

    async def read_course(self, course_id: Id) -> SeenCourseOut:
        """A course."""
        return await self._get(SeenCourseOut, f"/api/courses/{uuid_of(course_id)}/")

    async def read_modules(self, course_id: Id) -> ModulesOut:
        """The caller's version of a course, and how far they are."""
        return await self._get(ModulesOut, f"/api/courses/{uuid_of(course_id)}/modules/")

    async def enroll_in_course(self, course_id: Id) -> ListedEnrollmentOut:
        """Enroll the caller; an enrollment that is there is answered again."""
        return await self._post(ListedEnrollmentOut, f"/api/courses/{uuid_of(course_id)}/enroll/")

    async def complete_lesson(self, lesson_id: Id) -> ProgressOut:
        """Mark a lesson as completed."""
        return await self._post(ProgressOut, f"/api/lessons/{uuid_of(lesson_id)}/complete/")

    async def sign_attestation(self, attestation_id: Id, *, typed_name: str) -> SignatureOut:
        """Sign an attestation; the first signature under its text stands."""
        path = f"/api/attestations/{uuid_of(attestation_id)}/sign/"
        return await self._post(SignatureOut, path, {"typed_name": typed_name})

    async def move_my_enrollment(self, enrollment_id: Id) -> ProgressOut:
        """Move to the course's new version, whose author invites to it."""
        return await self._post(ProgressOut, f"/api/users/enrollments/{uuid_of(enrollment_id)}/move/")

    async def read_quiz(self, quiz_id: Id) -> QuizOut:
        """A quiz with the caller's attempts."""
        return await self._get(QuizOut, f"/api/quizzes/{uuid_of(quiz_id)}/")

    async def read_assessment(self, quiz_id: Id) -> QuizOut:
        """The final assessment with the caller's attempts."""
        return await self._get(QuizOut, f"/api/assessments/{uuid_of(quiz_id)}/")

    async def start_quiz(self, quiz_id: Id) -> StartedAttemptOut:
        """Start an attempt, or go on with the one under way."""
        return await self._post(StartedAttemptOut, f"/api/quizzes/{uuid_of(quiz_id)}/attempts/")

    async def start_assessment(self, quiz_id: Id) -> StartedAttemptOut:
        """Start an attempt at the assessment, or go on with the one under way."""
        return await self._post(StartedAttemptOut, f"/api/assessments/{uuid_of(quiz_id)}/attempts/")

    async def save_attempt(
        self, attempt_id: Id, responses: Sequence[Response], *, sequence: int | None = None
    ) -> SavedAttemptOut:
        """Save responses without submitting them."""
        body = {"responses": list(responses), "sequence": sequence}
        answer = await self._send("PATCH", f"/api/attempts/{uuid_of(attempt_id)}/", body=body)
        return cast(SavedAttemptOut, answer.json())

    async def submit_quiz(
        self, quiz_id: Id, responses: Sequence[Response], *, attempt_id: Id | None = None
    ) -> SubmissionOut:
        """Submit a quiz; `attempt_id` where an attempt was started."""
        path = f"/api/quizzes/{uuid_of(quiz_id)}/submit/"
        return await self._post(SubmissionOut, path, _submission(responses, attempt_id))

    async def submit_assessment(
        self, quiz_id: Id, responses: Sequence[Response], *, attempt_id: Id | None = None
    ) -> SubmissionOut:
        """Submit the assessment; `attempt_id` where an attempt was started."""
        path = f"/api/assessments/{uuid_of(quiz_id)}/submit/"
        return await self._post(SubmissionOut, path, _submission(responses, attempt_id))

    def list_my_enrollments(self, *, limit: int | None = None) -> AsyncIterator[ListedEnrollmentOut]:
        """The caller's enrollments."""
        return self._pages(ListedEnrollmentOut, "/api/users/enrollments/", limit=limit)

    def list_my_progress(self, *, limit: int | None = None) -> AsyncIterator[ListedProgressOut]:
        """How far the caller is in each course, and where to go on."""
        return self._pages(ListedProgressOut, "/api/users/enrollments/progress/", limit=limit)

    def list_my_certificates(self, *, limit: int | None = None) -> AsyncIterator[CertificateOut]:
        """The caller's certificates."""
        return self._pages(CertificateOut, "/api/users/certificates/", limit=limit)

    def list_my_compliance(self, *, limit: int | None = None) -> AsyncIterator[ComplianceOut]:
        """Where the caller stands with each requirement."""
        return self._pages(ComplianceOut, "/api/users/compliance/", limit=limit)

    async def download_certificate(self, certificate_id: Id) -> FileAddressOut | None:
        """Where the PDF is fetched; waits while it is made. None if it was not made in time."""
        path = f"/api/certificates/{uuid_of(certificate_id)}/pdf/"
        answer = await self._send("GET", path, wait_until_made=True)
        return None if answer.status_code == STILL_BEING_MADE else cast(FileAddressOut, answer.json())

    async def download_my_transcript(self) -> FileAddressOut | None:
        """Where the caller's transcript of today is fetched as a PDF; waits while it is made, None if in vain."""
        answer = await self._send("GET", "/api/users/transcript/pdf/", wait_until_made=True)
        return None if answer.status_code == STILL_BEING_MADE else cast(FileAddressOut, answer.json())

    async def verify_certificate(self, certificate_id: Id) -> VerificationOut:
        """The state of a certificate; needs no token."""
        return await self._get(VerificationOut, f"/api/certificates/{uuid_of(certificate_id)}/verify/")

    async def create_course(
        self,
        *,
        title: str,
        scope: Scope,
        scope_id: str | None = None,
        self_enrollment: bool = True,
        recertification_cadence: str | None = None,
        linked_compliance_requirement: str | None = None,
        category: str | None = None,
    ) -> CourseOut:
        """Create a course with an empty draft."""
        body = {
            "title": title,
            "scope": scope,
            "scope_id": scope_id,
            "self_enrollment": self_enrollment,
            "recertification_cadence": recertification_cadence,
            "linked_compliance_requirement": linked_compliance_requirement,
            "category": category,
        }
        return await self._post(CourseOut, "/api/courses/", body)

    async def read_draft(self, course_id: Id) -> Draft:
        """The draft, and the ETag to save it with."""
        answer = await self._send("GET", f"/api/courses/{uuid_of(course_id)}/draft/")
        return Draft(cast(Tree, answer.json()), answer.headers["ETag"])

    async def save_draft(self, course_id: Id, tree: Tree, *, etag: str) -> Draft:
        """Save the draft over the state that `etag` stands for."""
        path = f"/api/courses/{uuid_of(course_id)}/draft/"
        answer = await self._send("PUT", path, body=tree, if_match=etag)
        return Draft(cast(StoredTreeOut, answer.json()), answer.headers["ETag"])

    async def discard_draft(self, course_id: Id, *, etag: str) -> None:
        """Throw the draft away."""
        await self._send("DELETE", f"/api/courses/{uuid_of(course_id)}/draft/", if_match=etag)

    async def publish_course(
        self,
        course_id: Id,
        *,
        etag: str | None = None,
        note: str | None = None,
        open_enrollments: Literal["leave", "invite", "migrate"] | None = None,
    ) -> PublishedCourseOut:
        """Publish the draft; with `etag` only in that state. Open enrollments stay where nothing else is said."""
        path = f"/api/courses/{uuid_of(course_id)}/publish/"
        body = given(note=note, open_enrollments=open_enrollments)
        answer = await self._send("POST", path, body=body, if_match=etag)
        return cast(PublishedCourseOut, answer.json())

    async def assign_course(
        self, course_id: Id, user_ids: Sequence[str], *, due_at: datetime | None = None
    ) -> AssignedOut:
        """Assign a course to members."""
        body = {"user_ids": list(user_ids), "due_at": due_at.isoformat() if due_at else None}
        return await self._post(AssignedOut, f"/api/courses/{uuid_of(course_id)}/assign/", body)

    def list_enrollments(
        self,
        *,
        course_id: Id | None = None,
        user_id: str | None = None,
        chapter_id: str | None = None,
        status: EnrollmentStatus | None = None,
        withdrawn: bool | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[MemberEnrollmentOut]:
        """The enrollments that the caller administers."""
        return self._pages(
            MemberEnrollmentOut,
            "/api/enrollments/",
            course_id=uuid_of(course_id) if course_id else None,
            user_id=user_id,
            chapter_id=chapter_id,
            status=status,
            withdrawn=withdrawn,
            limit=limit,
        )

    def list_certificates(
        self, *, course_id: Id | None = None, user_id: str | None = None, limit: int | None = None
    ) -> AsyncIterator[AdministeredCertificateOut]:
        """The certificates that the caller administers."""
        course = uuid_of(course_id) if course_id else None
        path = "/api/certificates/"
        return self._pages(AdministeredCertificateOut, path, course_id=course, user_id=user_id, limit=limit)

    async def revoke_certificate(self, certificate_id: Id, *, reason: str) -> AdministeredCertificateOut:
        """Revoke a certificate."""
        path = f"/api/certificates/{uuid_of(certificate_id)}/revoke/"
        return await self._post(AdministeredCertificateOut, path, {"reason": reason})


def _submission(responses: Sequence[Response], attempt_id: Id | None) -> dict[str, object]:
    return {"responses": list(responses), "attempt_id": uuid_of(attempt_id) if attempt_id else None}
