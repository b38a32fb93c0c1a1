"""Files of an organization."""

from collections.abc import AsyncIterator
from typing import Literal, cast

from learning_service_client.parts import Id, given, uuid_of
from learning_service_client.shapes.certificates import FileAddressOut
from learning_service_client.shapes.documents import DocumentOut
from learning_service_client.transport import STILL_BEING_MADE, Transport


class DocumentCalls(Transport):
    """Files of an organization."""

    def list_documents(
        self,
        *,
        limit: int | None = None,
        kind: Literal["deck", "pdf", "picture"] | None = None,
        q: str | None = None,
        status: Literal["converting", "ready", "failed"] | None = None,
    ) -> AsyncIterator[DocumentOut]:
        """The organization's files, newest first: what an author chooses from."""
        return self._pages(DocumentOut, "/api/documents/", limit=limit, kind=kind, q=q, status=status)

    async def upload_document(
        self,
        content: bytes,
        *,
        name: str,
        hidden_slides: Literal["skip", "include"] | None = None,
        evidence: bool = False,
    ) -> DocumentOut:
        """Take one file: PDF, PNG or JPEG as it is, PPT, PPTX or ODP to be converted to PDF.

        `evidence`: a PDF or picture that only its owner sees, and who decides what it shows.
        """
        path = "/api/documents/?for=evidence" if evidence else "/api/documents/"
        answer = await self._send(
            "POST", path, file=(name, content), fields=given(hidden_slides=hidden_slides)
        )
        return cast(DocumentOut, answer.json())

    async def read_document(self, document_id: Id) -> DocumentOut:
        """What became of a file."""
        return await self._get(DocumentOut, f"/api/documents/{uuid_of(document_id)}/")

    async def retry_document(self, document_id: Id) -> DocumentOut:
        """Try a failed document again."""
        return await self._post(DocumentOut, f"/api/documents/{uuid_of(document_id)}/retry/")

    async def download_document(self, document_id: Id) -> FileAddressOut | None:
        """A short-lived address of the PDF or picture."""
        answer = await self._send("GET", f"/api/documents/{uuid_of(document_id)}/file/", wait_until_made=True)
        return None if answer.status_code == STILL_BEING_MADE else cast(FileAddressOut, answer.json())
