"""How far an enrollment is, by the ids of lessons as the database tells them. Pure: no I/O.

A UUID is hashed and compared by Python code. A member's first screen has hundreds of lessons that are done, so they
stay text here; what has more to it than that is judged in `progress`, of which this gives the same answers.
"""

from collections.abc import Collection

from learning_service.domain.attempts.queries.order import is_done
from learning_service.domain.completion.views.progress import NextItem, wanted_items
from learning_service.domain.courses.queries.compiled import CompiledLesson, CompiledVersion
from learning_service.domain.enrollments.rules import Progress, Standing, progress_with


class Way:
    """What a version asks for, in order."""

    def __init__(self, version: CompiledVersion) -> None:
        self.version = version
        self._lessons = frozenset(map(str, version.shape.required_lessons))
        self._wanted = [
            (str(item.id) if isinstance(item, CompiledLesson) else None, item)
            for item in wanted_items(version)
        ]

    def progress(self, lessons: Collection[str], standing: Standing) -> Progress:
        """How much is done. `standing`: at its quizzes alone."""
        return progress_with(self.version.shape, len(self._lessons.intersection(lessons)), standing)

    def next_item(self, lessons: Collection[str], standing: Standing) -> NextItem | None:
        """The first item that is not done; None where all are, which leaves open what can still be raised."""
        done = frozenset(lessons)
        for lesson, item in self._wanted:
            if (lesson not in done) if lesson is not None else not is_done(item, standing):
                return NextItem(item.kind, item.id, item.title)
        return None


def is_plain(standing: Standing) -> bool:
    """Whether nothing waits for a person."""
    return all(quiz.low is quiz.high or quiz.low == quiz.high for quiz in standing.quizzes.values())
