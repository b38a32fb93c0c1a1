"""In which order the characters of one line stand on paper: Unicode's bidirectional algorithm (UAX 9).

Marks that steer direction by hand are not among what names and titles may hold, so the rules for them are left out.
HarfBuzz, which draws the runs, mirrors brackets by itself (rule L4).
"""

import unicodedata
from bisect import bisect_left

_BRACKETS = (
    "()[]{}༺༻༼༽᚛᚜⁅⁆⁽⁾₍₎⌈⌉⌊⌋❨❩❪❫❬❭❮❯❰❱❲❳❴❵⟅⟆⟦⟧⟨⟩⟪⟫⟬⟭⟮⟯⦃⦄⦅⦆⦇⦈⦉⦊⦋⦌⦍⦐⦏⦎⦑⦒⦓⦔⦕⦖⦗⦘⧘⧙⧚⧛⧼⧽"
    "⸢⸣⸤⸥⸦⸧⸨⸩〈〉《》「」『』【】〔〕〖〗〘〙〚〛﹙﹚﹛﹜﹝﹞（）［］｛｝｟｠｢｣"
)
_CLOSING = dict(zip(_BRACKETS[::2], _BRACKETS[1::2], strict=True))
_OPENING = frozenset(_CLOSING.values())
_DEEPEST = 63
_STRONG = {"L": "L", "R": "R", "EN": "R", "AN": "R"}
"""The direction by which a resolved class counts for the neutrals around it (rules N0 and N1)."""


def base_level(text: str) -> int:
    """0 for a text that runs from left to right, 1 for the other direction: its first letter decides."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("L", "R", "AL"):
            return int(kind != "L")
    return 0


def levels(line: str, base: int) -> list[int]:
    """The embedding level of each character: even runs from left to right, odd from right to left."""
    original = [unicodedata.bidirectional(character) or "L" for character in line]
    shown = [i for i, kind in enumerate(original) if kind != "BN"]
    kinds = [original[i] for i in shown]
    start = "R" if base else "L"
    _resolve_weak(kinds, start)
    _resolve_brackets([line[i] for i in shown], kinds, start)
    _resolve_neutral(kinds, start)
    found = [base] * len(line)
    for i, kind in zip(shown, kinds, strict=True):
        found[i] = base + ((kind != "R") if base else {"L": 0, "R": 1}.get(kind, 2))
    for i in range(1, len(line)):
        if original[i] == "BN":
            found[i] = found[i - 1]
    for i in range(len(line) - 1, -1, -1):
        if original[i] not in ("WS", "BN"):
            break
        found[i] = base
    return found


def _resolve_weak(kinds: list[str], start: str) -> None:
    """Rules W1 to W7: marks, numbers, and what stands between them."""
    for i, kind in enumerate(kinds):
        if kind == "NSM":
            kinds[i] = kinds[i - 1] if i else start
    strong = start
    for i, kind in enumerate(kinds):
        if kind in ("L", "R", "AL"):
            strong = kind
        elif kind == "EN" and strong == "AL":
            kinds[i] = "AN"
    for i, kind in enumerate(kinds):
        around = {kinds[i - 1], kinds[i + 1]} if 0 < i < len(kinds) - 1 else set()
        if (kind in ("ES", "CS") and around == {"EN"}) or (kind == "CS" and around == {"AN"}):
            kinds[i] = around.pop()
    for step in (range(len(kinds)), range(len(kinds) - 1, -1, -1)):
        before = ""
        for i in step:
            if kinds[i] == "ET" and before == "EN":
                kinds[i] = "EN"
            before = kinds[i]
    strong = start
    for i, kind in enumerate(kinds):
        if kind in ("L", "R", "AL"):
            strong = kind
            kinds[i] = "R" if kind == "AL" else kind
        elif kind in ("ES", "CS", "ET"):
            kinds[i] = "ON"
        elif kind == "EN" and strong == "L":
            kinds[i] = "L"


def _resolve_brackets(line: list[str], kinds: list[str], start: str) -> None:
    """Rule N0: both brackets of a pair take one direction."""
    strong = [i for i, kind in enumerate(kinds) if kind in _STRONG]
    for opening, closing in _pairs(line, kinds):
        first = bisect_left(strong, opening)
        inside = {_STRONG[kinds[i]] for i in strong[first : bisect_left(strong, closing)]}
        before = _STRONG[kinds[strong[first - 1]]] if first else start
        if inside:
            kinds[opening] = kinds[closing] = start if start in inside else before
            # Brackets that were resolved count for those after them.
            for place in (opening, closing):
                strong.insert(bisect_left(strong, place), place)


def _pairs(line: list[str], kinds: list[str]) -> list[tuple[int, int]]:
    """The bracket pairs of the line in the order of their openings (definition BD16)."""
    found: list[tuple[int, int]] = []
    waiting: list[tuple[str, int]] = []
    for i, character in enumerate(line):
        if kinds[i] != "ON":
            continue
        if character in _CLOSING:
            if len(waiting) == _DEEPEST:
                return []
            waiting.append((_CLOSING[character], i))
        elif character in _OPENING:
            depth = next((n for n in range(len(waiting) - 1, -1, -1) if waiting[n][0] == character), None)
            if depth is not None:
                found.append((waiting[depth][1], i))
                del waiting[depth:]
    return sorted(found)


def _resolve_neutral(kinds: list[str], start: str) -> None:
    """Rules N1 and N2: what has no direction takes that of both its sides, else that of the line."""
    i = 0
    while i < len(kinds):
        if kinds[i] in _STRONG:
            i += 1
            continue
        end = i
        while end < len(kinds) and kinds[end] not in _STRONG:
            end += 1
        before = _STRONG[kinds[i - 1]] if i else start
        after = _STRONG[kinds[end]] if end < len(kinds) else start
        kinds[i:end] = [before if before == after else start] * (end - i)
        i = end


def visual_runs(found: list[int]) -> list[tuple[int, int, int]]:
    """The stretches of one level as the eye meets them from left to right: start, end, level (rule L2)."""
    runs: list[tuple[int, int, int]] = []
    for i, level in enumerate(found):
        if runs and runs[-1][2] == level:
            runs[-1] = (runs[-1][0], i + 1, level)
        else:
            runs.append((i, i + 1, level))
    for least in range(max(found, default=0), 0, -1):
        at = 0
        while at < len(runs):
            end = at
            while end < len(runs) and runs[end][2] >= least:
                end += 1
            runs[at:end] = runs[at:end][::-1]
            at = end + 1
    return runs
