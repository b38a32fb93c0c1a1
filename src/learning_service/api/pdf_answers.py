"""What is said while a PDF is being made, and when it cannot be."""

from fastapi.responses import JSONResponse

from learning_service.domain.kernel.errors import Unavailable
from learning_service.schemas.certificates import PendingPdfOut

RETRY_SECONDS = 2
GIVEN_UP_RETRY_SECONDS = 3600


class PdfNotMade(Unavailable):
    """What it says holds, but the PDF cannot be made without an operator."""

    code = "pdf-not-made"

    def __init__(self, what: str) -> None:
        detail = f"{what}, but its PDF could not be made; this has been noted."
        super().__init__(detail, retry_after=GIVEN_UP_RETRY_SECONDS)


def answer_pending() -> JSONResponse:
    """202, and when to ask again."""
    headers = {"Cache-Control": "no-store", "Retry-After": str(RETRY_SECONDS)}
    return JSONResponse(PendingPdfOut(status="pending").model_dump(), 202, headers=headers)
