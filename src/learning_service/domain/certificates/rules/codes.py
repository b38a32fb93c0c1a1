"""The short code that is printed on a certificate: 80 bits in Crockford's base 32, with a check character."""

import re

CODE_BYTES = 10
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHECKS = _DIGITS + "*~$=U"
_LENGTH = CODE_BYTES * 8 // 5
_LONGEST = 64
_IGNORED = re.compile(r"[\s\u2010-\u2015-]+")
_MISREAD = str.maketrans("OIL", "011")


def printed_code(code: bytes) -> str:
    """The code as it is printed: `7K3F-9Q2M-…`, in groups of four, the check character last."""
    number = int.from_bytes(code, "big")
    digits = "".join(_DIGITS[number >> shift & 31] for shift in range(CODE_BYTES * 8 - 5, -1, -5))
    text = digits + _CHECKS[number % 37]
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))


def read_code(text: str) -> bytes | None:
    """The code that was typed, whatever its case, dashes and spaces, with O read as 0, I and L as 1.

    None for what no code can be: another length or sign, or a check character that does not fit.
    """
    if len(text) > _LONGEST or not text.isprintable():
        return None
    kept = _IGNORED.sub("", text).upper().translate(_MISREAD)
    digits, check = kept[:-1], kept[-1:]
    if len(digits) != _LENGTH or any(digit not in _DIGITS for digit in digits):
        return None
    number = 0
    for digit in digits:
        number = number << 5 | _DIGITS.index(digit)
    return number.to_bytes(CODE_BYTES, "big") if check and check == _CHECKS[number % 37] else None


def short_address(verification_url: str, code: bytes) -> str:
    """Where the code leads, at the host and under the path of the certificate's page."""
    return f"{verification_url.rpartition('/certificates/')[0]}/c/{printed_code(code)}"
