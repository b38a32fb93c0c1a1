"""A certificate as it is given out: drawn and signed in one go, in a process of the pool."""

from learning_service.adapters.certificate_pdf import CertificateContent, render_certificate
from learning_service.adapters.pdf_signature import Signing, sign_pdf


def signed_certificate(content: CertificateContent, by: Signing) -> bytes:
    """The certificate's PDF with its signature. Raises what drawing and signing raise."""
    return sign_pdf(render_certificate(content), by)
