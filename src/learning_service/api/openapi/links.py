"""OpenAPI links: which reply names what other calls need, so that tools can walk from one to the next."""

from collections.abc import Iterator

from learning_service.domain.kernel.values import JsonObject

_ANY = "/items/0/id"
# Method, path and status of a reply; which path parameter of other calls stands where in it.
GIVEN: dict[tuple[str, str, str], dict[str, str]] = {
    ("post", "/api/courses/", "201"): {"course_id": "/id"},
    ("get", "/api/courses/", "200"): {"course_id": _ANY},
    ("post", "/api/courses/{course_id}/duplicate/", "201"): {"course_id": "/id"},
    ("get", "/api/courses/{course_id}/versions/", "200"): {"number": "/items/0/number"},
    ("post", "/api/courses/{course_id}/versions/{number}/migrations/", "202"): {"run_id": "/run_id"},
    ("get", "/api/courses/{course_id}/graders/", "200"): {"user_id": "/items/0/user_id"},
    ("post", "/api/courses/{course_id}/enroll/", "201"): {"enrollment_id": "/id"},
    ("post", "/api/courses/{course_id}/assign/", "202"): {"run_id": "/run_id"},
    ("get", "/api/courses/{course_id}/modules/", "200"): {
        "attestation_id": "/items/0/items/0/id",
        "lesson_id": "/items/0/items/0/id",
        "quiz_id": "/assessment/id",
    },
    ("post", "/api/quizzes/{quiz_id}/attempts/", "201"): {"attempt_id": "/attempt_id"},
    ("post", "/api/assessments/{quiz_id}/attempts/", "201"): {"attempt_id": "/attempt_id"},
    ("get", "/api/enrollments/", "200"): {"enrollment_id": _ANY, "user_id": "/items/0/user_id"},
    ("get", "/api/users/enrollments/", "200"): {"enrollment_id": _ANY, "course_id": "/items/0/course_id"},
    ("get", "/api/certificates/", "200"): {"certificate_id": _ANY},
    ("get", "/api/users/certificates/", "200"): {"certificate_id": _ANY},
    ("post", "/api/certificates/{certificate_id}/reissue/", "201"): {"certificate_id": "/id"},
    ("get", "/api/learning/grading/pending/", "200"): {"response_id": "/items/0/response_id"},
    ("get", "/api/learning/grading/groups/", "200"): {"group_id": "/items/0/group_id"},
    ("post", "/api/learning/grading/next/", "200"): {"response_id": "/response_id"},
    ("post", "/api/courses/{course_id}/versions/{number}/regrades/", "201"): {"regrade_id": "/id"},
    ("post", "/api/assignment-rules/", "201"): {"rule_id": "/id"},
    ("get", "/api/assignment-rules/", "200"): {"rule_id": _ANY},
    ("post", "/api/assignment-rules/{rule_id}/run/", "202"): {"run_id": "/run_id"},
    ("get", "/api/assignment-rules/{rule_id}/runs/", "200"): {"run_id": "/items/0/run_id"},
    ("post", "/api/users/evidence/", "201"): {"evidence_id": "/id"},
    ("get", "/api/evidence/", "200"): {"evidence_id": _ANY},
    ("post", "/api/exemptions/", "201"): {"exemption_id": "/id"},
    ("get", "/api/exemptions/", "200"): {"exemption_id": _ANY},
    ("post", "/api/programs/", "201"): {"program_id": "/id"},
    ("get", "/api/programs/", "200"): {"program_id": _ANY},
    ("post", "/api/question-banks/", "201"): {"bank_id": "/id"},
    ("get", "/api/question-banks/", "200"): {"bank_id": _ANY},
    ("get", "/api/question-banks/{bank_id}/questions/", "200"): {"key": "/items/0/key"},
    ("post", "/api/documents/", "202"): {"document_id": "/id"},
    ("post", "/api/webhooks/", "201"): {"webhook_id": "/id"},
    ("get", "/api/webhooks/", "200"): {"webhook_id": _ANY},
    ("get", "/api/webhooks/{webhook_id}/deliveries/", "200"): {"delivery_id": _ANY},
}


def links_of(paths: JsonObject) -> Iterator[tuple[JsonObject, str, str, JsonObject]]:
    """For each reply and each call that can follow it: the reply's operation, its status, a name, the link."""
    for (method, path, status), given in GIVEN.items():
        expressions = {name: f"$request.path.{name}" for name in parameters_of(path)}
        expressions |= {name: f"$response.body#{pointer}" for name, pointer in given.items()}
        for to, item in paths.items():
            wanted = parameters_of(to)
            if not wanted & given.keys() or not wanted <= expressions.keys():
                continue
            for operation in item.values():
                parameters = {name: expressions[name] for name in sorted(wanted)}
                link = {"operationId": operation["operationId"], "parameters": parameters}
                yield paths[path][method], status, operation["operationId"], link


def parameters_of(path: str) -> set[str]:
    """The names of a path's parameters."""
    return {part[1:-1] for part in path.split("/") if part.startswith("{")}
