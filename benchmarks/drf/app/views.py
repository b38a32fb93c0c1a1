"""The calls that are compared."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

from benchmarks.drf.app.models import (
    Certificate,
    Course,
    Enrollment,
    Member,
    Question,
    Quiz,
    QuizAttempt,
    QuizProgress,
)
from benchmarks.drf.app.serializers import (
    CertificateSerializer,
    CourseSerializer,
    QuestionSerializer,
    ResultSerializer,
    SubmissionSerializer,
)
from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import generics
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class VerifyView(generics.RetrieveAPIView):
    """A certificate's true state, for anyone."""

    authentication_classes = ()
    permission_classes = ()
    queryset = Certificate.objects.all()
    serializer_class = CertificateSerializer


class CoursePagination(CursorPagination):
    """By key, newest first: no COUNT."""

    ordering = "-id"
    page_size = 50


class CourseListView(generics.ListAPIView):
    """Courses that the caller may enter."""

    serializer_class = CourseSerializer
    pagination_class = CoursePagination

    def get_queryset(self) -> "QuerySet[Course]":
        """Scoped to the caller."""
        user = self.request.user
        members = Member.objects.filter(organization_id=user.organization_id, user_id=user.user_id)
        if not members.filter(erased_at=None).exists():
            raise PermissionDenied
        return Course.objects.filter(
            organization_id=user.organization_id,
            published_version__isnull=False,
            archived_at=None,
            scope="national",
        ).select_related("published_version")


class SubmitView(APIView):
    """Submit a quiz: grade it and keep the attempt."""

    @transaction.atomic
    def post(self, request: Request, pk: Any) -> Response:
        """One submission."""
        sent = SubmissionSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        quiz = get_object_or_404(Quiz, pk=pk)
        enrollment = get_object_or_404(
            Enrollment.objects.select_for_update(),
            organization_id=request.user.organization_id,
            user_id=request.user.user_id,
            version_id=quiz.version_id,
            status="in_progress",
        )
        attempt = _graded(quiz, enrollment, sent.validated_data["responses"])
        progress, _ = QuizProgress.objects.get_or_create(
            enrollment=enrollment, quiz=quiz, defaults={"organization_id": enrollment.organization_id}
        )
        progress.attempts_used += 1
        progress.best_points = max(progress.best_points or Decimal(0), attempt.points)
        progress.possible_points = progress.best_points
        progress.max_points = attempt.max_points
        attempt.number = progress.attempts_used
        progress.save()
        attempt.save(force_insert=True)
        enrollment.revision += 1
        enrollment.save(update_fields=["revision"])
        return Response(ResultSerializer(attempt).data)


def _own_attempt(request: Request, **key: Any) -> QuizAttempt:
    attempts = QuizAttempt.objects.select_for_update(of=("self",)).select_related("enrollment", "quiz")
    user = request.user
    found: QuizAttempt = get_object_or_404(
        attempts, organization_id=user.organization_id, user_id=user.user_id, status="in_progress", **key
    )
    return found


class StartView(APIView):
    """Start an attempt with a time limit."""

    @transaction.atomic
    def post(self, request: Request, pk: Any) -> Response:
        """One start."""
        quiz = get_object_or_404(Quiz, pk=pk)
        enrollment = get_object_or_404(
            Enrollment.objects.select_for_update(),
            organization_id=request.user.organization_id,
            user_id=request.user.user_id,
            version_id=quiz.version_id,
            status="in_progress",
        )
        progress, _ = QuizProgress.objects.get_or_create(
            enrollment=enrollment, quiz=quiz, defaults={"organization_id": enrollment.organization_id}
        )
        progress.attempts_used += 1
        progress.save(update_fields=["attempts_used"])
        questions = Question.objects.filter(quiz=quiz).prefetch_related("answers")
        instant = timezone.now()
        attempt = QuizAttempt.objects.create(
            organization_id=enrollment.organization_id,
            enrollment=enrollment,
            quiz=quiz,
            user_id=enrollment.user_id,
            number=progress.attempts_used,
            status="in_progress",
            started_at=instant,
            deadline_at=instant + timedelta(seconds=quiz.time_limit_seconds or 0),
            responses={},
            max_points=sum((question.points for question in questions), Decimal(0)),
        )
        shown = QuestionSerializer(questions, many=True).data
        return Response({"attempt_id": attempt.id, "questions": shown}, status=201)


class SaveView(APIView):
    """Save answers of an attempt under way."""

    @transaction.atomic
    def patch(self, request: Request, pk: Any) -> Response:
        """One save."""
        sent = SubmissionSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        attempt = _own_attempt(request, pk=pk)
        _check_known(attempt.quiz, sent.validated_data["responses"])
        _lay_over(attempt, sent.validated_data["responses"])
        attempt.save(update_fields=["responses"])
        return Response({"attempt_id": attempt.id, "saved": len(sent.validated_data["responses"])})


class AssessmentView(APIView):
    """Submit what was saved."""

    @transaction.atomic
    def post(self, request: Request, pk: Any) -> Response:
        """One submission."""
        sent = SubmissionSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        attempt = _own_attempt(request, pk=sent.validated_data["attempt_id"], quiz_id=pk)
        _lay_over(attempt, sent.validated_data["responses"])
        given = [{"question_id": uuid.UUID(q), **r} for q, r in attempt.responses.items()]
        for one in given:
            one["answer_ids"] = [uuid.UUID(answer) for answer in one["answer_ids"]]
        graded = _graded(attempt.quiz, attempt.enrollment, given)
        for name in ("status", "submitted_at", "marks", "points", "pending_points", "passed"):
            setattr(attempt, name, getattr(graded, name))
        attempt.marked = graded.marked
        attempt.save()
        QuizProgress.objects.filter(enrollment=attempt.enrollment, quiz=attempt.quiz).update(
            best_points=attempt.points, possible_points=attempt.points, max_points=attempt.max_points
        )
        return Response(ResultSerializer(attempt).data)


def _check_known(quiz: Quiz, responses: list[dict[str, Any]]) -> None:
    known = set(Question.objects.filter(quiz=quiz).values_list("id", flat=True))
    if {response["question_id"] for response in responses} - known:
        raise ValidationError("A response is to no question of this quiz.")


def _lay_over(attempt: QuizAttempt, responses: list[dict[str, Any]]) -> None:
    for response in responses:
        chosen = sorted(map(str, response["answer_ids"]))
        attempt.responses[str(response["question_id"])] = {"answer_ids": chosen}


def _graded(quiz: Quiz, enrollment: Enrollment, responses: list[dict[str, Any]]) -> QuizAttempt:
    questions = {q.id: q for q in Question.objects.filter(quiz=quiz).prefetch_related("answers")}
    given = {r["question_id"]: set(r["answer_ids"]) for r in responses}
    if given.keys() - questions.keys():
        raise ValidationError("A response is to no question of this quiz.")
    marked = []
    for question in questions.values():
        right = {answer.id for answer in question.answers.all() if answer.is_correct}
        correct = given.get(question.id) == right
        awarded = question.points if correct else Decimal(0)
        marked.append({"question_id": question.id, "points_awarded": awarded, "correct": correct})
    points = sum((mark["points_awarded"] for mark in marked), Decimal(0))
    total = sum((question.points for question in questions.values()), Decimal(0))
    instant = timezone.now()
    attempt = QuizAttempt(
        organization_id=enrollment.organization_id,
        enrollment=enrollment,
        quiz=quiz,
        user_id=enrollment.user_id,
        status="graded",
        started_at=instant,
        submitted_at=instant,
        responses={str(q): {"answer_ids": sorted(map(str, chosen))} for q, chosen in given.items()},
        marks={
            str(m["question_id"]): {"points": str(m["points_awarded"]), "correct": m["correct"]}
            for m in marked
        },
        max_points=total,
        points=points,
        pending_points=Decimal(0),
        passed=100 * points >= quiz.pass_score * total,
    )
    attempt.marked = marked
    return attempt
