"""Which kind of answer a client would rather have, by `Accept`. `*/*`, and no `Accept` at all, ask for nothing."""

from collections.abc import Sequence


def names_json(accept: str | None) -> bool:
    """Whether a client names JSON, and does not rank a page or a file above it."""
    ranked = _ranked(accept)
    return 0 < ranked.get("application/json", 0.0) >= max(ranked.values())


def preferred_file(accept: str | None, kinds: Sequence[str]) -> str | None:
    """Which of these kinds of file a client names, and ranks neither JSON nor an earlier one above; None: none."""
    ranked = _ranked(accept)
    best = max(kinds, key=lambda kind: ranked.get(kind, 0.0))
    return best if 0 < ranked.get(best, 0.0) >= ranked.get("application/json", 0.0) else None


def prefers_pdf(accept: str | None) -> bool:
    """Whether a client names application/pdf, and does not rank JSON above it."""
    ranked = _ranked(accept)
    return 0 < ranked.get("application/pdf", 0.0) >= ranked.get("application/json", 0.0)


def prefers_html(accept: str | None) -> bool:
    """Whether a client would rather have a page than JSON: it names text/html, and ranks it above JSON."""
    ranked = _ranked(accept)
    html, json = (
        max(ranked.get(kind, 0.0) for kind in kinds)
        for kinds in (("text/html", "application/xhtml+xml"), ("application/json", "application/*"))
    )
    return html > json and html >= ranked.get("*/*", 0.0)


def _ranked(accept: str | None) -> dict[str, float]:
    """How much the client wants each kind that it names, from 0 to 1."""
    ranked: dict[str, float] = {}
    for part in (accept or "").lower().split(","):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        quality = next((_quality(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
        ranked[kind] = max(ranked.get(kind, 0.0), quality)
    return ranked


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
