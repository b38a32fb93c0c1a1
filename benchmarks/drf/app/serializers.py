"""What comes in and goes out."""

from typing import Any

from benchmarks.drf.app.models import Certificate, Course, Question, QuizAnswer
from django.utils import timezone
from rest_framework import serializers


class IssuerSerializer(serializers.Serializer):
    """Who issued it."""

    name = serializers.CharField(source="issuer_name")


class CertificateSerializer(serializers.ModelSerializer):
    """What anyone may know of a certificate."""

    certificate_id = serializers.UUIDField(source="id")
    status = serializers.SerializerMethodField()
    issuer = IssuerSerializer(source="*")

    class Meta:
        """Fields."""

        model = Certificate
        fields = [
            "certificate_id",
            "status",
            "recipient_name",
            "course_title",
            "issued_at",
            "expires_at",
            "issuer",
        ]

    def get_status(self, certificate: Certificate) -> str:
        """The true state."""
        if certificate.revoked_at is not None:
            return "revoked"
        if certificate.reissued_as_id is not None:
            return "superseded"
        expired = certificate.expires_at is not None and certificate.expires_at <= timezone.now()
        return "expired" if expired else "valid"


class CourseSerializer(serializers.ModelSerializer):
    """A course in a list."""

    title = serializers.CharField(source="published_version.title")
    published_version = serializers.IntegerField(source="published_version.number")
    draft_version = serializers.SerializerMethodField()
    pass_score = serializers.FloatField(source="published_version.pass_score")
    archived = serializers.SerializerMethodField()

    class Meta:
        """Fields."""

        model = Course
        fields = [
            "id",
            "title",
            "scope",
            "scope_id",
            "self_enrollment",
            "recertification_cadence",
            "linked_compliance_requirement",
            "published_version",
            "draft_version",
            "pass_score",
            "archived",
        ]

    def get_draft_version(self, course: Course) -> None:
        """Members see none."""
        return

    def get_archived(self, course: Course) -> bool:
        """Whether it is closed."""
        return course.archived_at is not None


class ResponseSerializer(serializers.Serializer):
    """What was given to one question."""

    question_id = serializers.UUIDField()
    answer_ids = serializers.ListField(child=serializers.UUIDField())


class AnswerSerializer(serializers.ModelSerializer):
    """A choice as shown."""

    class Meta:
        """Fields."""

        model = QuizAnswer
        fields = ["id", "text"]


class QuestionSerializer(serializers.ModelSerializer):
    """A question as shown."""

    answers = AnswerSerializer(many=True)

    class Meta:
        """Fields."""

        model = Question
        fields = ["id", "prompt_html", "points", "answers"]


class SubmissionSerializer(serializers.Serializer):
    """A submission, or what is saved of one."""

    attempt_id = serializers.UUIDField(required=False)
    responses = ResponseSerializer(many=True)


class MarkSerializer(serializers.Serializer):
    """One response's mark."""

    question_id = serializers.UUIDField()
    points_awarded = serializers.FloatField()
    correct = serializers.BooleanField()


class ResultSerializer(serializers.Serializer):
    """What came of a submission."""

    attempt_id = serializers.UUIDField(source="id")
    number = serializers.IntegerField()
    status = serializers.CharField()
    points = serializers.FloatField()
    max_points = serializers.FloatField()
    score = serializers.SerializerMethodField()
    passed = serializers.BooleanField()
    responses = MarkSerializer(source="marked", many=True)

    def get_score(self, attempt: Any) -> float:
        """Percent."""
        return float(100 * attempt.points / attempt.max_points)
