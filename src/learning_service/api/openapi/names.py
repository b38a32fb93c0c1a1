"""What the reference calls things: operations, tags, the service itself. Generated clients are named by it."""

from fastapi.routing import APIRoute

from learning_service.domain.kernel.values import JsonObject

TAGS: dict[str, str] = {
    "certificates": "Certificates, their PDFs, and whether one is genuine.",
    "learning": "What a member does in a course: lessons, quizzes and assessments.",
    "courses": "The catalogue, and what a course is called and holds.",
    "members": "What callers see of themselves.",
    "grading": "Answers that wait for a grader, and passes that wait for a decision.",
    "enrollments": "Who learns what, by when, and why.",
    "assignments": "Rules that assign courses, and what they did.",
    "compliance": "Requirements, and who meets them.",
    "reports": "Figures for administrators.",
    "audit": "Who did what to whom, when and why.",
    "authoring": "Drafts, versions and graders of a course.",
    "question-banks": "Questions that many courses draw from.",
    "programs": "Paths through courses.",
    "documents": "Files for lessons.",
    "directory": "Organizations, regions, chapters and members, as other services tell them.",
    "privacy": "All that is kept of a person, and its end.",
    "organization": "Settings of the caller's organization.",
    "events": "What happened, as a feed.",
    "webhooks": "What happened, sent to your own addresses.",
    "operation": "For those who run the service.",
}
CONTACT = {"name": "The operator of this service"}
LICENSE = {"name": "Apache License 2.0", "identifier": "Apache-2.0"}
SERVERS: list[JsonObject] = [{"url": "/", "description": "The host that this document comes from"}]


def operation_id(route: APIRoute) -> str:
    """The function's name, as programs write it: `list_courses_` is `listCourses`."""
    verb, *nouns = route.name.strip("_").split("_")
    return verb + "".join(noun.capitalize() for noun in nouns)


def delivery_id(event_type: str) -> str:
    """What the call of a receiver is named: `learning.skill.mastered` is `receiveSkillMastered`."""
    words = event_type.replace("_", ".").split(".")[1:]
    return "receive" + "".join(word.capitalize() for word in words)


def summary_of(route: APIRoute) -> str:
    """The route's own summary, or the first sentence of what it says of itself."""
    first = (route.endpoint.__doc__ or "").strip().partition("\n\n")[0]
    sentence = " ".join(first.split()).partition(". ")[0]
    return route.summary or sentence.rstrip(".")


def tags() -> list[JsonObject]:
    """The tags with their meaning, in the order in which pages show them."""
    return [{"name": name, "description": text} for name, text in TAGS.items()]
