"""The most frequent calls, by the shortest way that is still complete.

A hot path answers the plain case of a call: everything is as usual, and the reply is a success. Whatever is not plain
(a refusal, a search by words, a file, a database in trouble) it leaves untouched to the call's
ordinary route, which answers it as if there were no hot path; so refusals have one home. A test compares the two.

What a path saves, measured by `make bench` with the paths off and on, stands in each module.
"""

from functools import partial

from learning_service.api.fast.enrollments import enrollments
from learning_service.api.fast.lane import HotPath, HotPaths
from learning_service.api.fast.reads import courses, learning, modules, verify
from learning_service.api.fast.save import save
from learning_service.api.fast.start import start
from learning_service.api.fast.submit import submit

__all__ = ["HOT_PATHS", "HotPaths"]

_ID = r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"


def _at_quizzes(noun: str, kind: str) -> tuple[HotPath, HotPath]:
    """Submitting and starting at quizzes of a kind, under their noun."""
    path, pattern = f"/api/{noun}/{{quiz_id}}", rf"/api/{noun}/{_ID}"
    return (
        HotPath("POST", f"{path}/submit/", f"{pattern}/submit/", partial(submit, kind=kind)),
        HotPath("POST", f"{path}/attempts/", f"{pattern}/attempts/", partial(start, kind=kind), status=201),
    )


HOT_PATHS = (
    HotPath("GET", "/api/certificates/{certificate_id}/verify/", rf"/api/certificates/{_ID}/verify/", verify),
    HotPath("GET", "/api/courses/", "/api/courses/", courses),
    HotPath("GET", "/api/users/enrollments/progress/", "/api/users/enrollments/progress/", learning),
    HotPath("PATCH", "/api/attempts/{attempt_id}/", rf"/api/attempts/{_ID}/", save),
    HotPath("GET", "/api/courses/{course_id}/modules/", rf"/api/courses/{_ID}/modules/", modules),
    HotPath("GET", "/api/enrollments/", "/api/enrollments/", enrollments, queries=True),
    *_at_quizzes("quizzes", "quiz"),
    *_at_quizzes("assessments", "assessment"),
)
