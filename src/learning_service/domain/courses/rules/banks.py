"""Question banks: what authors say of them, and what publishing takes from one into a version. Pure."""

from collections.abc import Callable, Collection, Sequence
from hashlib import blake2b
from typing import Any, Self

from pydantic import TypeAdapter, model_validator

from learning_service.domain.courses.rules.policy import ScopeKind
from learning_service.domain.kernel.errors import Fault, Invalid, Wrong
from learning_service.domain.kernel.values import Name, OpaqueId, StrictModel
from learning_service.domain.questions.rules.normalize import comparable
from learning_service.domain.questions.rules.pools import Pool
from learning_service.domain.questions.rules.types import AnyQuestion, Question
from learning_service.domain.questions.rules.words import words_of

MAX_IN_BANK = 20_000
MAX_WORDS = 2000
_QUESTION: TypeAdapter[AnyQuestion] = TypeAdapter(Question)


class BankIn(StrictModel):
    """A question bank to be made."""

    title: Name
    scope: ScopeKind
    scope_id: OpaqueId | None = None

    @model_validator(mode="after")
    def _unit_of_scope(self) -> Self:
        if (self.scope == "national") != (self.scope_id is None):
            raise Wrong("scope_id names the region or chapter, and a national bank has none", "conflicting")
        return self


class BankChangeIn(StrictModel):
    """Changes of a bank. Its scope stays."""

    title: Name | None = None


def stored_question(content: str) -> AnyQuestion:
    """The question that `content_to_store` wrote. What was accepted once is not judged again by newer rules."""
    return _QUESTION.validate_json(content)


def content_to_store(question: AnyQuestion) -> str:
    """The question as JSON, with all of its keys."""
    return question.model_dump_json()


def compared_words(html: str) -> str:
    """The words of a rich text in the form in which they are searched."""
    return comparable(words_of(html)[:MAX_WORDS], False, True, False)


def compared_phrase(phrase: str) -> str:
    """What is searched, in the same form."""
    return comparable(phrase, False, True, False)


def with_keys(
    question: AnyQuestion, key: str, known: Collection[str], new_key: Callable[[], str]
) -> AnyQuestion:
    """The question under this key, with a key on every choice. Raises Invalid for keys that are not `known`."""
    changes: dict[str, object] = {"key": key}
    if question.choices:
        faults, seen = [], set[str]()
        for n, answer in enumerate(question.choices):
            if answer.key is None:
                continue
            if answer.key not in known:
                faults.append(
                    Fault(f"/answers/{n}/key", "the question never had this key; leave it out", "not-known")
                )
            elif answer.key in seen:
                faults.append(Fault(f"/answers/{n}/key", "another choice has the same key", "twice"))
            seen.add(answer.key)
        if faults:
            raise Invalid(faults)
        changes["answers"] = tuple(
            answer if answer.key else answer.model_copy(update={"key": new_key()})
            for answer in question.choices
        )
    return question.model_copy(update=changes)


def frozen_pool(pool: Pool, given: Sequence[AnyQuestion]) -> Pool:
    """The pool with what its bank gives. Keys come from the pool's and the bank's, so they stay over versions."""
    return pool.model_copy(update={"questions": tuple(_copied(pool.key or "", one) for one in given)})


def without_frozen(asked: Any) -> Any:
    """A pool of a bank as a draft has it: what it draws from stands in the bank."""
    if isinstance(asked, Pool) and asked.bank_id is not None and asked.questions:
        return asked.model_copy(update={"questions": ()})
    return asked


def _copied(pool: str, question: AnyQuestion) -> AnyQuestion:
    changes: dict[str, object] = {"key": _key(pool, question.key or "")}
    if question.choices:
        changes["answers"] = tuple(
            answer.model_copy(update={"key": _key(pool, answer.key or "")}) for answer in question.choices
        )
    return question.model_copy(update=changes)


def _key(pool: str, key: str) -> str:
    return blake2b(f"{pool}\n{key}".encode(), digest_size=16).hexdigest()
