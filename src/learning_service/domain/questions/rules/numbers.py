"""Numbers as people write them, read exactly.

A comma or a point before the last digits is the decimal sign; spaces and apostrophes may stand between groups of
three digits, and so may whichever of comma and point is not the decimal sign. `1,000` and `3.500` alone are decimals.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from learning_service.domain.questions.rules.normalize import normalize

# The separators of Arabic script, and multiplication signs.
_ONE_FORM = str.maketrans({"٫": ".", "٬": "'", **dict.fromkeys("×⋅·∙*", "x")})
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_NUMBER = re.compile(
    r"""(?P<before>[^0-9]*?)\ ?
    (?P<sign>[+-]?)\ ?
    (?:
        (?:(?P<whole>[0-9]+)\ )?(?P<above>[0-9]+)\ ?/\ ?(?P<below>[0-9]+)(?![0-9.,])
      | (?P<digits>
            [0-9]{1,3}(?:[ '][0-9]{3})+(?![0-9])(?:[.,][0-9]+)?
          | [0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+
          | [0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+
          | [0-9]{1,3}(?:(?:,[0-9]{3}){2,}|(?:\.[0-9]{3}){2,})
          | [0-9]+(?:[.,][0-9]*)?
          | [.,][0-9]+
        )
        (?:
            [eE](?P<power>[+-]?[0-9]{1,3})
          | \ ?[xX]\ ?10\ ?(?:\^\ ?(?P<raised>[+-]?[0-9]{1,3})|(?P<superscript>[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}))
        )?
        (?![0-9])
    )
    (?P<after>.*)""",
    re.VERBOSE,
)
_DECIMAL_SIGN = re.compile(r"[.,](?=[0-9]*\Z)")
_ONLY_GROUPS = re.compile(r"[0-9]{1,3}(?:(?:,[0-9]{3}){2,}|(?:\.[0-9]{3}){2,})")
_BETWEEN_GROUPS = re.compile("[ ',.]")


@dataclass(frozen=True, slots=True)
class ReadNumber:
    """A number, and the unit beside it as `one_unit` gives it; empty: none."""

    value: Fraction
    unit: str


def read_number(text: str) -> ReadNumber | None:
    """The number that the text is, with a unit before or after it; None: it is not one number."""
    found = _NUMBER.fullmatch(normalize(text, case_sensitive=True).translate(_ONE_FORM))
    if found is None:
        return None
    value = _fraction(found) if found["above"] else _decimal(found)
    before, after = found["before"].strip(), found["after"].strip()
    negative = found["sign"] == "-"
    if before[:1] in ("+", "-") and not found["sign"]:
        # A sign before a unit: `-$5`.
        negative, before = before[0] == "-", before[1:].strip()
    if value is None or (before and after):
        return None
    return ReadNumber(-value if negative else value, one_unit(before or after))


def one_unit(text: str) -> str:
    """A unit in one form, in which `m²`, `m^2` and `m2` are the same. Capitals count: `mW` is not `MW`."""
    normal = normalize(text, case_sensitive=True).translate(_ONE_FORM).translate(_RAISED)
    return "".join(normal.replace("^", "").split())


def _fraction(found: re.Match[str]) -> Fraction | None:
    below = int(found["below"])
    return int(found["whole"] or 0) + Fraction(int(found["above"]), below) if below else None


def _decimal(found: re.Match[str]) -> Fraction:
    written = found["digits"]
    whole, part = written, ""
    if not _ONLY_GROUPS.fullmatch(written):
        whole, _, part = _DECIMAL_SIGN.sub("|", written).partition("|")
    digits = _BETWEEN_GROUPS.sub("", whole) + part
    power = found["power"] or found["raised"] or (found["superscript"] or "0").translate(_RAISED)
    return int(digits) * Fraction(10) ** (int(power) - len(part))
