"""Drawing texts that are tagged, and what says nothing."""

from dataclasses import dataclass

from reportlab.pdfgen.canvas import Canvas

from learning_service.adapters.certificate_embedding import DocumentFonts
from learning_service.adapters.certificate_layout import Fitted
from learning_service.adapters.certificate_structure import Kind, Structure


@dataclass(frozen=True)
class Pen:
    """What draws on the pages of one document."""

    canvas: Canvas
    fonts: DocumentFonts
    structure: Structure

    def line(self, operators: str) -> None:
        """Draw what says nothing."""
        with self.structure.decoration():
            self.canvas._code.append(operators)

    def tagged(
        self, fitted: Fitted, x: float, y: float, color: str, kind: Kind = "P", share: float = 0.5
    ) -> None:
        """Draw one text as lines, the last one's baseline at y; so great a share of each stands left of x."""
        with self.structure.text(kind):
            self.lines(fitted, x, y, color, share)

    def lines(self, fitted: Fitted, x: float, y: float, color: str, share: float = 0.5) -> None:
        """The same without a tag: within one, or as decoration."""
        pen = [f"BT {color} rg"]
        y += fitted.height
        for line in fitted.lines:
            x_left, size = x - line.width * fitted.size * share, f"{fitted.size:g}"
            pen.append(f"{size} 0 0 {size} {x_left:.2f} {y:.2f} Tm")
            pen += self.fonts.operators(line)
            y -= fitted.size * fitted.leading
        self.canvas._code.append(" ".join([*pen, "ET"]))
