"""The service's tables, as Django sees them."""

import uuid

from django.db import models


class Unmanaged(models.Model):
    """A table that Django did not make."""

    class Meta:
        """No migrations."""

        abstract = True
        managed = False


class CourseVersion(Unmanaged):
    """One edition of a course."""

    id = models.UUIDField(primary_key=True)
    course = models.ForeignKey("Course", models.CASCADE, related_name="versions")
    number = models.IntegerField()
    title = models.TextField()
    pass_score = models.DecimalField(max_digits=9, decimal_places=6)
    published_at = models.DateTimeField(null=True)

    class Meta(Unmanaged.Meta):
        """The table."""

        db_table = "course_versions"


class Member(Unmanaged):
    """A person; unique within the organization."""

    user_id = models.TextField(primary_key=True)
    organization_id = models.TextField()
    chapter_id = models.TextField()
    erased_at = models.DateTimeField(null=True)

    class Meta(Unmanaged.Meta):
        """The table."""

        db_table = "members"


class Course(Unmanaged):
    """Identity and policy of a course."""

    id = models.UUIDField(primary_key=True)
    organization_id = models.TextField()
    scope = models.TextField()
    scope_id = models.TextField(null=True)
    self_enrollment = models.BooleanField()
    recertification_cadence = models.TextField(null=True)
    linked_compliance_requirement = models.TextField(null=True)
    published_version = models.ForeignKey(CourseVersion, models.CASCADE, null=True, related_name="+")
    archived_at = models.DateTimeField(null=True)

    class Meta(Unmanaged.Meta):
        """The table."""

        db_table = "courses"


class Certificate(Unmanaged):
    """A certificate."""

    id = models.UUIDField(primary_key=True)
    recipient_name = models.TextField(null=True)
    course_title = models.TextField()
    issuer_name = models.TextField()
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    reissued_as_id = models.UUIDField(null=True, db_column="reissued_as")
    renewed_by_id = models.UUIDField(null=True, db_column="renewed_by")

    class Meta(Unmanaged.Meta):
        """The table."""

        db_table = "certificates"


class Quiz(Unmanaged):
    """A quiz."""

    id = models.UUIDField(primary_key=True)
    version = models.ForeignKey(CourseVersion, models.CASCADE)
    pass_score = models.DecimalField(max_digits=9, decimal_places=6)
    time_limit_seconds = models.IntegerField(null=True)
    max_attempts = models.IntegerField(null=True)

    class Meta(Unmanaged.Meta):
        """The table."""

        db_table = "quizzes"


class Question(Unmanaged):
    """A question."""

    id = models.UUIDField(primary_key=True)
    quiz = models.ForeignKey(Quiz, models.CASCADE, related_name="questions")
    position = models.IntegerField()
    prompt_html = models.TextField()
    points = models.DecimalField(max_digits=12, decimal_places=6)

    class Meta(Unmanaged.Meta):
        """The table."""

        db_table = "questions"
        ordering = ["position"]


class QuizAnswer(Unmanaged):
    """A choice."""

    id = models.UUIDField(primary_key=True)
    question = models.ForeignKey(Question, models.CASCADE, related_name="answers")
    position = models.IntegerField()
    text = models.TextField()
    is_correct = models.BooleanField()

    class Meta(Unmanaged.Meta):
        """The table."""

        db_table = "quiz_answers"


class Enrollment(Unmanaged):
    """A member on a version."""

    id = models.UUIDField(primary_key=True)
    organization_id = models.TextField()
    user_id = models.TextField()
    version = models.ForeignKey(CourseVersion, models.CASCADE)
    status = models.TextField()
    revision = models.IntegerField()

    class Meta(Unmanaged.Meta):
        """The table."""

        db_table = "enrollments"


class QuizAttempt(Unmanaged):
    """One try at a quiz; what was given and its marks are documents, as in the service."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    organization_id = models.TextField()
    enrollment = models.ForeignKey(Enrollment, models.CASCADE)
    quiz = models.ForeignKey(Quiz, models.CASCADE)
    user_id = models.TextField()
    number = models.IntegerField()
    status = models.TextField()
    started_at = models.DateTimeField()
    deadline_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    sequence = models.IntegerField(default=-1)
    responses = models.JSONField()
    marks = models.JSONField(null=True)
    max_points = models.DecimalField(max_digits=18, decimal_places=6)
    points = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    pending_points = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    passed = models.BooleanField(null=True)

    class Meta(Unmanaged.Meta):
        """The table."""

        db_table = "quiz_attempts"


class QuizProgress(Unmanaged):
    """How an enrollment stands with a quiz."""

    enrollment = models.OneToOneField(Enrollment, models.CASCADE, primary_key=True)
    quiz = models.ForeignKey(Quiz, models.CASCADE)
    organization_id = models.TextField()
    attempts_used = models.IntegerField(default=0)
    best_points = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    possible_points = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    max_points = models.DecimalField(max_digits=18, decimal_places=6, null=True)

    class Meta(Unmanaged.Meta):
        """The table."""

        db_table = "quiz_progress"
