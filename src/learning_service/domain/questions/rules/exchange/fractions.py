"""Fractions of points as Moodle takes them: five decimals of a percent, as on its list."""

from fractions import Fraction


def percent(share: Fraction) -> str:
    """A share in percent, as Moodle writes it: `33.33333`, `-50`."""
    hundred_thousandths = round(share * 10_000_000)
    sign = "-" if hundred_thousandths < 0 else ""
    whole, part = divmod(abs(hundred_thousandths), 100_000)
    return f"{sign}{whole}" + (f".{part:05d}".rstrip("0") if part else "")
