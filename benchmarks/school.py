"""The organization that is measured and its courses, made through the service's own API."""

from dataclasses import dataclass
from typing import Any

import httpx
from benchmarks.people import CHAPTERS, ORGANIZATION
from benchmarks.stage import Server, Stage

Json = dict[str, Any]
MODULES, LESSONS, QUESTIONS, COURSES = 10, 8, 20, 20
TEXT = "<p>" + "Know what it is, see it early, and say so. " * 5 + "</p>"


@dataclass(frozen=True, slots=True)
class Course:
    """A published course."""

    id: str
    version_id: str


class School:
    """Drives the API as the platform does: a membership service and a national administrator."""

    def __init__(self, stage: Stage, server: Server) -> None:
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=30)
        self._boss = stage.token(ORGANIZATION, "boss", "national_admin")
        self._directory = stage.token(ORGANIZATION, "members", scopes=["directory:write"])

    def found(self) -> None:
        """The organization, its region and chapters."""
        self._put(f"organizations/{ORGANIZATION}", {"name": "Alpha & Co", "timezone": "America/New_York"})
        self._put("regions/r0", {"organization_id": ORGANIZATION, "name": "North"})
        for n in range(CHAPTERS):
            self._put(f"chapters/c{n}", {"region_id": "r0", "name": f"Chapter {n}"})
        self._put("compliance-requirements/hazing", {"organization_id": ORGANIZATION, "name": "Hazing"})

    def _put(self, path: str, body: Json) -> None:
        self._ok("PUT", f"/api/directory/{path}/", body, token=self._directory)

    def course(self, title: str, modules: list[Json], *, assessment: Json | None = None) -> str:
        """A published course; its id."""
        body = {"title": title, "scope": "national", "linked_compliance_requirement": "hazing"}
        made: Json = self._ok("POST", "/api/courses/", body).json()
        path = f"/api/courses/{made['id']}"
        tag = self._ok("GET", f"{path}/draft/").headers["etag"]
        tree = {"title": title, "pass_score": 80, "mastered_skills": [], "modules": modules}
        tree |= {"assessment": assessment} if assessment else {}
        self._ok("PUT", f"{path}/draft/", tree, headers={"If-Match": tag})
        self._ok("POST", f"{path}/publish/")
        return str(made["id"])

    def publish_again(self, course_id: str) -> None:
        """A second version of a course, with another title."""
        path = f"/api/courses/{course_id}"
        tree = self._ok("GET", f"{path}/draft/").json()
        self._ok("PUT", f"{path}/draft/", {**tree, "title": "Again"}, headers={"If-Match": "*"})
        self._ok("POST", f"{path}/publish/")

    def make(self, path: str, body: Json | None = None, **options: Any) -> Json:
        """What is answered when something is made, by the administrator unless another `token` is given."""
        return dict(self._ok("POST", path, body, **options).json())

    def furnish(self, course_id: str) -> None:
        """A rule, a receiver and a question bank, of which there are lists."""
        rule = {"course_id": course_id, "trigger": "manual", "audience_filter": {"status": ["nobody"]}}
        self._ok("POST", "/api/assignment-rules/", rule)
        kinds = ["learning.certificate.issued"]
        self._ok("POST", "/api/webhooks/", {"url": "http://127.0.0.1:9/hook", "event_types": kinds})
        self._ok("POST", "/api/question-banks/", {"title": "Bank", "scope": "national"})

    def get(self, path: str, user: str, stage: Stage) -> Json:
        """What a member is answered."""
        return dict(self._ok("GET", path, token=stage.token(ORGANIZATION, user)).json())

    def _ok(self, method: str, path: str, body: Json | None = None, **options: Any) -> httpx.Response:
        token = options.pop("token", self._boss)
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        answer = self._http.request(method, path, json=body, headers=headers)
        if answer.is_error:
            raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer


def large_modules() -> list[Json]:
    """Ten modules of eight lessons."""
    return [
        {
            "title": f"Module {m}",
            "items": [{"kind": "lesson", "title": f"Lesson {n}", "body_html": TEXT} for n in range(LESSONS)],
        }
        for m in range(MODULES)
    ]


def quiz_modules() -> list[Json]:
    """A lesson that stays undone, and a quiz of twenty questions that may be tried without end."""
    answers = [{"text": text, "is_correct": text == "right"} for text in ("right", "wrong", "odd", "none")]
    questions = [
        {"type": "multiple_choice", "prompt_html": f"<p>Which? {n}</p>", "points": 1, "answers": answers}
        for n in range(QUESTIONS)
    ]
    lesson = {"kind": "lesson", "title": "Read", "body_html": TEXT}
    quiz = {"kind": "quiz", "title": "Check", "pass_score": 70, "questions": questions}
    return [{"title": "All", "items": [lesson, quiz]}]


def small_modules() -> list[Json]:
    """One lesson."""
    return [{"title": "All", "items": [{"kind": "lesson", "title": "Read", "body_html": TEXT}]}]
