"""What calls take and answer, by the names of the reference. A key that may be missing is `NotRequired`."""

from typing import Literal, NotRequired, TypedDict

Scope = Literal["national", "regional", "chapter"]
EnrollmentStatus = Literal["assigned", "in_progress", "completed", "failed"]
CertificateStatus = Literal["valid", "expired", "revoked", "superseded"]


class IssuerOut(TypedDict):
    """Who issued it."""

    name: str


class VerificationOut(TypedDict):
    """What anyone may know of a certificate."""

    certificate_id: str
    status: CertificateStatus
    recipient_name: str | None
    course_title: str
    issued_at: str
    expires_at: str | None
    issuer: IssuerOut
    reissued_at: NotRequired[str | None]
    revoked_at: NotRequired[str | None]
    superseded_by: NotRequired[str | None]


class CertificateOut(TypedDict):
    """A certificate in its owner's list."""

    id: str
    course_id: str
    course_title: str
    status: CertificateStatus
    issued_at: str
    reissued_at: str | None
    expires_at: str | None
    verification_url: str
    pdf_ready: bool


class AdministeredCertificateOut(CertificateOut):
    """A certificate as an administrator over its member sees it."""

    user_id: str
    recipient_name: str | None
    revoked_at: str | None


class FileAddressOut(TypedDict):
    """Where a file is fetched, without a token."""

    url: str
    expires_at: str


class QuizItemOut(TypedDict):
    """A quiz, or the final assessment, with the caller's standing. Never a question's key."""

    kind: Literal["quiz", "assessment"]
    id: str
    key: str
    title: str
    required: bool
    completed_at: str | None
    pass_score: float
    max_attempts: int | None
    time_limit_seconds: int | None
    question_count: int
    attempts_used: int
    best_score: float | None
    passed: bool


class AttemptSummaryOut(TypedDict):
    """An attempt in a list."""

    attempt_id: str
    number: int
    status: str
    started_at: str
    submitted_at: str | None
    deadline_at: str | None
    score: float | None
    passed: bool | None


class AnswerOut(TypedDict):
    """A choice as shown. One of rich text has `html`, and in `text` its words alone."""

    id: str
    text: str
    html: NotRequired[str | None]


class PartOut(TypedDict):
    """A part of a question as shown: a side of a pair, or an item to be brought into order."""

    key: str
    text: str


class QuestionOut(TypedDict):
    """A question as shown: `answers` where one chooses, `left` and `right` of matching, `items` of ordering.

    Parts come in an order that tells nothing, and their keys tell nothing either.
    """

    id: str
    key: str
    type: str
    prompt_html: str
    points: float
    answers: NotRequired[list[AnswerOut]]
    left: NotRequired[list[PartOut]]
    right: NotRequired[list[PartOut]]
    items: NotRequired[list[PartOut]]


class QuizOut(QuizItemOut):
    """A quiz with the caller's attempts; `questions` only without a time limit and shuffle."""

    attempts: list[AttemptSummaryOut]
    questions: NotRequired[list[QuestionOut] | None]


class StartedAttemptOut(TypedDict):
    """An attempt under way."""

    attempt_id: str
    number: int
    started_at: str
    deadline_at: str | None
    server_time: str
    questions: list[QuestionOut]


class Response(TypedDict):
    """What a learner gave to one question: exactly one of choices, a truth value, a text, a number as it is written,
    parts that go together, or an order; null takes it back.
    """

    question_id: str
    answer_ids: NotRequired[list[str] | None]
    value: NotRequired[bool | None]
    text: NotRequired[str | None]
    number: NotRequired[str | None]
    matches: NotRequired[dict[str, str] | None]
    order: NotRequired[list[str] | None]


class RightChoices(TypedDict):
    """The choices that are right, as learners see them once they are released."""

    answer_ids: list[str]


class RightValue(TypedDict):
    """Whether the statement is true."""

    value: bool


class RightTexts(TypedDict):
    """The texts that are accepted, as people read them."""

    accepted_answers: list[str]


class RightNumber(TypedDict):
    """The number that is right, how far from it an answer may be, and its unit."""

    answer: float
    tolerance: float | None
    tolerance_percent: float | None
    unit: str | None


class RightMatches(TypedDict):
    """The right part of each left one, by key."""

    matches: dict[str, str]


class RightOrder(TypedDict):
    """The keys of the items in their right order."""

    order: list[str]


class MarkOut(TypedDict):
    """One response's mark; what may not be shown yet is null."""

    question_id: str
    points_awarded: float | None
    correct: bool | None
    feedback: str | None
    explanation_html: str | None
    right_answer: RightChoices | RightValue | RightTexts | RightNumber | RightMatches | RightOrder | None
    choice_feedback: NotRequired[dict[str, str] | None]


class EnrollmentStateOut(TypedDict):
    """Where the submission leaves the enrollment."""

    id: str
    status: str


class CompletionOut(TypedDict):
    """The completion that a submission brought."""

    id: str
    score: float | None
    completed_at: str
    expires_at: str | None


class CertificateLinkOut(TypedDict):
    """The certificate that a submission brought."""

    id: str
    verification_url: str


class SubmissionOut(TypedDict):
    """A closed attempt. `completion` and `certificate` are there when it finished the course."""

    attempt_id: str
    number: int
    status: Literal["graded", "pending_review"]
    points: float
    max_points: float
    score: float | None
    passed: bool | None
    attempts_remaining: int | None
    responses: list[MarkOut]
    enrollment: EnrollmentStateOut
    completion: NotRequired[CompletionOut | None]
    certificate: NotRequired[CertificateLinkOut | None]


class SavedAttemptOut(TypedDict):
    """What a save did."""

    attempt_id: str
    saved: int
    sequence: int
    deadline_at: str | None
    server_time: str


class CourseOut(TypedDict):
    """A course: identity, policy, and what its published version (before that its draft) says."""

    id: str
    title: str
    scope: Scope
    scope_id: str | None
    self_enrollment: bool
    recertification_cadence: str | None
    linked_compliance_requirement: str | None
    published_version: int | None
    draft_version: int | None
    pass_score: float
    archived: bool
    description_html: str
    image_url: str | None
    language: str | None
    estimated_minutes: int | None
    credit_hours: float | None
    category: str | None


class MineOut(TypedDict):
    """The caller's enrollment in a course: where they stand there."""

    completed_at: str | None
    score: float | None
    certificate_id: str | None
    enrollment_id: str
    status: EnrollmentStatus
    percent: int
    due_at: str | None


class ListedCourseOut(CourseOut):
    """A course in a list."""

    mine: NotRequired[MineOut | None]


class LessonItemOut(TypedDict):
    """A lesson with its content."""

    kind: Literal["lesson"]
    id: str
    key: str
    title: str
    required: bool
    completed_at: str | None
    body_html: str
    video_url: str | None
    document_url: str | None
    image_url: str | None


class ModuleOut(TypedDict):
    """A module and its items in order."""

    id: str
    key: str
    title: str
    items: list[LessonItemOut | QuizItemOut]


class ListedEnrollmentOut(TypedDict):
    """An enrollment in a list, with what it has come to."""

    id: str
    course_id: str
    course_title: str
    version: int
    status: EnrollmentStatus
    assigned_at: str
    due_at: str | None
    overdue: bool
    awaiting_review: bool
    source: Literal["self", "admin", "rule", "recertification"]
    withdrawn_at: str | None
    completed_at: str | None
    score: float | None
    certificate_id: str | None


class ModulesOut(TypedDict):
    """The caller's version of a course, and how far they are."""

    items: list[ModuleOut]
    next_cursor: None
    version: int
    enrollment: ListedEnrollmentOut | None
    assessment: QuizItemOut | None


class NextItemOut(TypedDict):
    """Where a learner goes on."""

    kind: Literal["lesson", "quiz", "assessment"]
    id: str
    title: str


class ProgressOut(TypedDict):
    """How far an enrollment is; required items and the assessment count."""

    enrollment_id: str
    course_id: str
    course_title: str
    status: EnrollmentStatus
    items_completed: int
    items_total: int
    percent: int
    due_at: str | None
    overdue: bool
    awaiting_review: bool
    next_item: NextItemOut | None


class ListedProgressOut(ProgressOut):
    """How far an enrollment is, and what it has come to."""

    completed_at: str | None
    score: float | None
    certificate_id: str | None


class ComplianceOut(TypedDict):
    """Where a member stands with a requirement."""

    user_id: str
    chapter_id: str
    requirement_id: str
    requirement_name: str
    status: Literal["complete", "pending", "expired", "failed", "not_started"]
    completed_at: str | None
    expires_at: str | None
    due_at: str | None


class OwnOrganizationOut(TypedDict):
    """The caller's organization, as a frontend shows it."""

    name: str
    timezone: str
    locale: str | None
    logo_url: str | None
    primary_color: str | None


class OwnMemberOut(TypedDict):
    """The caller as a member."""

    chapter_id: str
    chapter_name: str
    region_id: str
    region_name: str
    status: str
    locale: str | None
    timezone: str | None


class UnitOut(TypedDict):
    """The whole organization, a region or a chapter."""

    scope: Scope
    scope_id: str | None


class RightsOut(TypedDict):
    """What the caller may do. The broadest unit stands for those inside it."""

    author: list[UnitOut]
    administer: list[UnitOut]
    grade: bool


class MeOut(TypedDict):
    """The caller."""

    user_id: str
    organization_id: str
    name: str | None
    roles: list[str]
    scopes: list[str]
    is_member: bool
    organization: OwnOrganizationOut | None
    member: OwnMemberOut | None
    may: RightsOut


class MemberEnrollmentOut(ListedEnrollmentOut):
    """An enrollment as administrators see it."""

    user_id: str


class SkippedMemberOut(TypedDict):
    """A member who was not assigned, and why."""

    user_id: str
    reason: Literal["unknown-member", "completed", "failed"]


class AssignedOut(TypedDict):
    """What an assignment did."""

    assigned: int
    already_enrolled: int
    skipped: list[SkippedMemberOut]


class StartedRunOut(TypedDict):
    """The run that does it in the background."""

    run_id: str


class Skill(TypedDict):
    """A skill that a pass proves."""

    skill_id: str
    name: str


class Lesson(TypedDict):
    """Something to read or watch."""

    kind: Literal["lesson"]
    key: NotRequired[str | None]
    title: str
    body_html: NotRequired[str]
    video_url: NotRequired[str | None]
    document_url: NotRequired[str | None]
    image_url: NotRequired[str | None]
    required: NotRequired[bool]


class Answer(TypedDict):
    """A choice of a question: a `text`, or rich text in `html`. A `pinned` one stays last when they are shuffled."""

    key: NotRequired[str | None]
    text: NotRequired[str | None]
    html: NotRequired[str | None]
    is_correct: NotRequired[bool]
    feedback_html: NotRequired[str | None]
    pinned: NotRequired[bool]


class MultipleChoice(TypedDict):
    """One of several answers is right."""

    key: NotRequired[str | None]
    prompt_html: NotRequired[str]
    points: NotRequired[float]
    explanation_html: NotRequired[str | None]
    type: Literal["multiple_choice"]
    answers: NotRequired[list[Answer]]


class TrueFalse(TypedDict):
    """A statement; `correct` is unknown in an unfinished draft only."""

    key: NotRequired[str | None]
    prompt_html: NotRequired[str]
    points: NotRequired[float]
    explanation_html: NotRequired[str | None]
    type: Literal["true_false"]
    correct: NotRequired[bool | None]


class MultiSelect(TypedDict):
    """Any number of several answers is right."""

    key: NotRequired[str | None]
    prompt_html: NotRequired[str]
    points: NotRequired[float]
    explanation_html: NotRequired[str | None]
    type: Literal["multi_select"]
    answers: NotRequired[list[Answer]]
    scoring: NotRequired[Literal["all_or_nothing", "right_minus_wrong"]]


class ShortAnswer(TypedDict):
    r"""A few words. In `accepted_answers`, `*` stands for any characters and `\*` for itself."""

    key: NotRequired[str | None]
    prompt_html: NotRequired[str]
    points: NotRequired[float]
    explanation_html: NotRequired[str | None]
    type: Literal["short_answer"]
    accepted_answers: NotRequired[list[str]]
    case_sensitive: NotRequired[bool]
    ignore_accents: NotRequired[bool]
    ignore_punctuation: NotRequired[bool]
    review: NotRequired[Literal["auto", "unmatched", "manual"]]


class FreeForm(TypedDict):
    """A text that a person grades, by the rubric."""

    key: NotRequired[str | None]
    prompt_html: NotRequired[str]
    points: NotRequired[float]
    explanation_html: NotRequired[str | None]
    type: Literal["free_form"]
    rubric_html: NotRequired[str | None]


class Numeric(TypedDict):
    """A number. `tolerance` is absolute, `tolerance_percent` a part of the answer; both bounds are right.

    A missing unit is right, another one is wrong.
    """

    key: NotRequired[str | None]
    prompt_html: NotRequired[str]
    points: NotRequired[float]
    explanation_html: NotRequired[str | None]
    type: Literal["numeric"]
    answer: NotRequired[float | None]
    tolerance: NotRequired[float | None]
    tolerance_percent: NotRequired[float | None]
    unit: NotRequired[str | None]


class Pair(TypedDict):
    """What goes together."""

    left: str
    right: str


class Matching(TypedDict):
    """Pairs to be put together. Of two with the same right text either is right; distractors go with none."""

    key: NotRequired[str | None]
    prompt_html: NotRequired[str]
    points: NotRequired[float]
    explanation_html: NotRequired[str | None]
    type: Literal["matching"]
    pairs: NotRequired[list[Pair]]
    distractors: NotRequired[list[str]]
    scoring: NotRequired[Literal["all_or_nothing", "per_part"]]


class Ordering(TypedDict):
    """Items, written in their right order."""

    key: NotRequired[str | None]
    prompt_html: NotRequired[str]
    points: NotRequired[float]
    explanation_html: NotRequired[str | None]
    type: Literal["ordering"]
    items: NotRequired[list[str]]
    scoring: NotRequired[Literal["all_or_nothing", "per_part"]]


Question = MultipleChoice | TrueFalse | MultiSelect | ShortAnswer | FreeForm | Numeric | Matching | Ordering


class Quiz(TypedDict):
    """Questions inside a module. Without `max_attempts` or `time_limit_seconds` there is none."""

    kind: Literal["quiz"]
    key: NotRequired[str | None]
    title: str
    pass_score: NotRequired[float]
    max_attempts: NotRequired[int | None]
    time_limit_seconds: NotRequired[int | None]
    required: NotRequired[bool]
    shuffle: NotRequired[bool]
    feedback: NotRequired[Literal["never", "after_submit", "after_last_attempt"]]
    questions: NotRequired[list[Question]]


class Module(TypedDict):
    """A part of the course: items in order."""

    key: NotRequired[str | None]
    title: str
    items: NotRequired[list[Lesson | Quiz]]


class Assessment(TypedDict):
    """The final assessment: always required."""

    key: NotRequired[str | None]
    title: str
    pass_score: NotRequired[float]
    max_attempts: NotRequired[int | None]
    time_limit_seconds: NotRequired[int | None]
    shuffle: NotRequired[bool]
    feedback: NotRequired[Literal["never", "after_submit", "after_last_attempt"]]
    questions: NotRequired[list[Question]]


class Tree(TypedDict):
    """A course version: everything that is read, graded or printed, and nothing about people."""

    title: str
    description_html: NotRequired[str]
    image_url: NotRequired[str | None]
    language: NotRequired[str | None]
    estimated_minutes: NotRequired[int | None]
    credit_hours: NotRequired[float | None]
    pass_score: NotRequired[float]
    mastered_skills: NotRequired[list[Skill]]
    modules: NotRequired[list[Module]]
    assessment: NotRequired[Assessment | None]


class RemovedHtmlOut(TypedDict):
    """What the sanitizer took out, and where."""

    pointer: str
    removed: list[str]


class StoredTreeOut(Tree):
    """The tree as stored, and what was removed from what was sent, if anything."""

    removed_html: NotRequired[list[RemovedHtmlOut]]


class PublishWarningOut(TypedDict):
    """Something that stops nothing, but is probably a mistake."""

    code: Literal["course-can-be-missed", "right-answer-first"]
    pointer: str
    detail: str


class PublishedCourseOut(CourseOut):
    """A course that was published, and what its author may have overlooked."""

    warnings: list[PublishWarningOut]
