"""Courses that several tests publish."""

from learning_service.domain.courses.rules.richtext import Removed, sanitize_html, sanitize_tree
from learning_service.domain.courses.rules.tree import Tree
from tests.kit.world import Caller, Json, right


def sanitized(tree: Tree) -> tuple[Tree, tuple[Removed, ...]]:
    """The tree as it is kept, and what it lost."""
    cleaning = sanitize_tree(tree, sanitize_html)
    while True:
        try:
            next(cleaning)
        except StopIteration as end:
            kept: tuple[Tree, tuple[Removed, ...]] = end.value
            return kept


async def passes(learner: Caller, course: str) -> Json:
    """Do everything right; the last submission's answer."""
    modules = await learner.ok("GET", f"/api/courses/{course}/modules/")
    answer: Json = {}
    for item in [i for m in modules["items"] for i in m["items"]]:
        if item["kind"] == "lesson":
            await learner.ok("POST", f"/api/lessons/{item['id']}/complete/")
        else:
            answer = await submits(learner, "quizzes", item["id"])
    if modules["assessment"]:
        answer = await submits(learner, "assessments", modules["assessment"]["id"])
    return answer


async def submits(learner: Caller, kind: str, quiz: str) -> Json:
    shown = await learner.ok("GET", f"/api/{kind}/{quiz}/")
    responses = [right(q, {"texts": ["right"]}) for q in shown["questions"]]
    result: Json = await learner.ok("POST", f"/api/{kind}/{quiz}/submit/", {"responses": responses})
    return result


TITLE = "Ética & <b>Δίκαιο</b> Право 霸凌防治"
TREE: Json = {
    "title": TITLE,
    "description_html": "<p>All about it</p>",
    "pass_score": 80,
    "mastered_skills": [{"skill_id": "hazing-prevention", "name": "Hazing prevention"}],
    "modules": [
        {
            "title": "Know the law",
            "items": [
                {"kind": "lesson", "title": "What counts", "body_html": "<p>…</p>"},
                {
                    "kind": "quiz",
                    "title": "Check yourself",
                    "pass_score": 70,
                    "max_attempts": 3,
                    "questions": [
                        {
                            "type": "multiple_choice",
                            "prompt_html": "<p>1</p>",
                            "points": 1,
                            "answers": [
                                {"text": "yes", "is_correct": True},
                                {"text": "no", "is_correct": False},
                            ],
                        },
                        {"type": "true_false", "prompt_html": "<p>2</p>", "points": 1, "correct": True},
                        {
                            "type": "multi_select",
                            "prompt_html": "<p>3</p>",
                            "points": 2,
                            "answers": [
                                {"text": "a", "is_correct": True},
                                {"text": "b", "is_correct": True},
                                {"text": "c", "is_correct": False},
                            ],
                        },
                        {
                            "type": "short_answer",
                            "prompt_html": "<p>4</p>",
                            "points": 1,
                            "accepted_answers": ["don't haze*"],
                        },
                    ],
                },
                {
                    "kind": "quiz",
                    "title": "In your words",
                    "required": False,
                    "questions": [{"type": "free_form", "prompt_html": "<p>5</p>", "points": 5}],
                },
            ],
        }
    ],
    "assessment": {
        "title": "Final",
        "pass_score": 80,
        "max_attempts": 2,
        "time_limit_seconds": 3600,
        "questions": [{"type": "true_false", "prompt_html": "<p>6</p>", "points": 1, "correct": False}],
    },
}
