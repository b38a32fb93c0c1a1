"""What attempts ask that this process has started or saved: it stays so until they are closed."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from learning_service.domain.attempts.models import Layout
from learning_service.domain.courses.queries.compiled import CompiledQuiz, CompiledVersion, cached_version
from learning_service.domain.questions.rules.answer_keys import AnswerKey

MAX_PAPERS = 20_000
"""Learners who save in turn: a process that remembers fewer reads each one's paper again, every time."""
Key = tuple[str, str, str]
"""Organization, member and attempt: nobody is judged by what another one was asked."""


@dataclass(frozen=True, slots=True)
class _Paper:
    """A quiz and the version as they were compiled then; of a quiz with pools also which questions were drawn."""

    version: CompiledVersion
    quiz: CompiledQuiz
    drawn: tuple[str, ...] | None


_papers: OrderedDict[Key, _Paper] = OrderedDict()


def remember_paper(key: Key, version: CompiledVersion, quiz: CompiledQuiz, layout: Layout | None) -> None:
    """Remember what an attempt with this layout asks; the longest unseen is forgotten first."""
    # By the quiz's own texts, which many papers share: the whole of each would be two kilobytes.
    drawn = tuple(quiz.keys[one].question_id for one, _ in layout) if quiz.places and layout else None
    _papers[key] = _Paper(version, quiz, drawn)
    while len(_papers) > MAX_PAPERS:
        _papers.popitem(last=False)


def remembered_keys(key: Key) -> Mapping[str, AnswerKey] | None:
    """The keys of what the attempt asks, by question; None where that is not known, or a correction has come."""
    paper = _papers.get(key)
    if paper is None or cached_version(paper.version.id) is not paper.version:
        return None
    _papers.move_to_end(key)
    keys = paper.quiz.keys
    return keys if paper.drawn is None else {one: keys[one] for one in paper.drawn}
