"""Question banks."""

from collections.abc import AsyncIterator
from typing import Literal, cast

from learning_service_client.parts import Id, given, uuid_of, word
from learning_service_client.shapes.banks import BankChangeIn, BankListItemOut, BankOut, BankQuestionOut
from learning_service_client.shapes.courses import Scope
from learning_service_client.shapes.exchange import ImportOut
from learning_service_client.shapes.trees import Question
from learning_service_client.transport import Transport

BANKS = "/api/question-banks/"


def _path(bank_id: Id) -> str:
    return f"{BANKS}{uuid_of(bank_id)}/"


class BankCalls(Transport):
    """Question banks."""

    def list_question_banks(
        self, *, q: str | None = None, limit: int | None = None
    ) -> AsyncIterator[BankListItemOut]:
        """The question banks that the caller may author, newest first."""
        return self._pages(BankListItemOut, BANKS, limit=limit, q=q)

    async def create_question_bank(self, *, title: str, scope: Scope, scope_id: str | None = None) -> BankOut:
        """Make a question bank, for authors of courses of its scope."""
        answer = await self._send("POST", BANKS, body=given(title=title, scope=scope, scope_id=scope_id))
        return cast(BankOut, answer.json())

    async def read_question_bank(self, bank_id: Id) -> BankOut:
        """A question bank, and which drafts draw from it."""
        return await self._get(BankOut, _path(bank_id))

    async def update_question_bank(self, bank_id: Id, changes: BankChangeIn) -> BankOut:
        """Give a question bank another title."""
        answer = await self._send("PATCH", _path(bank_id), body=changes)
        return cast(BankOut, answer.json())

    async def delete_question_bank(self, bank_id: Id) -> None:
        """Delete a question bank that no draft draws from."""
        await self._send("DELETE", _path(bank_id))

    def list_bank_questions(
        self,
        bank_id: Id,
        *,
        q: str | None = None,
        tag: str | None = None,
        type_: str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[BankQuestionOut]:
        """The questions of a bank, with their keys, in the order in which they came."""
        return self._pages(
            BankQuestionOut, f"{_path(bank_id)}questions/", limit=limit, q=q, tag=tag, type=type_
        )

    async def create_bank_question(self, bank_id: Id, facts: Question) -> BankQuestionOut:
        """Add a question to the end of a bank; says which drafts draw from it."""
        answer = await self._send("POST", f"{_path(bank_id)}questions/", body=facts)
        return cast(BankQuestionOut, answer.json())

    async def put_bank_question(self, bank_id: Id, key: str, facts: Question) -> BankQuestionOut:
        """Put another question in the place of one; says which drafts draw from the bank."""
        answer = await self._send("PUT", f"{_path(bank_id)}questions/{word(key)}/", body=facts)
        return cast(BankQuestionOut, answer.json())

    async def delete_bank_question(self, bank_id: Id, key: str) -> None:
        """Take a question out of a bank. What was published keeps it."""
        await self._send("DELETE", f"{_path(bank_id)}questions/{word(key)}/")

    async def import_into_bank(
        self, bank_id: Id, content: bytes, *, name: str, dry_run: bool | None = None
    ) -> ImportOut:
        """Add the questions of a file to a bank: Moodle's GIFT and XML, Aiken, and QTI."""
        answer = await self._send(
            "POST", f"{_path(bank_id)}imports/", query={"dry_run": dry_run}, file=(name, content)
        )
        return cast(ImportOut, answer.json())

    async def export_bank(
        self, bank_id: Id, *, format_: Literal["gift", "moodle-xml", "qti-2.1", "bundle"]
    ) -> bytes:
        """The questions of a bank as a file; imported again, they are what they were."""
        answer = await self._send("GET", f"{_path(bank_id)}export/", query={"format": format_}, accept="*/*")
        return answer.content
