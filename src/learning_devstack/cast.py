"""Who is in the demonstration beside those whom one can be, and what each has come to."""

from collections.abc import Mapping
from dataclasses import dataclass

# Names in many scripts, long and short ones: lists, pages and certificates have to set them all.
_PEOPLE = """
alpha amara        Amara Nwosu
alpha hedda        Hedda Lindqvist
alpha noura        نورة آل سعود
alpha tomas        Tomás Ó Súilleabháin-Fernández de Córdoba
alpha priya        प्रिया शर्मा
alpha jonas        Jonas Weber
beta  yael         יעל כהן
beta  kwame        Kwame Boateng
beta  lucia        Lucía Ibáñez
beta  anders       Anders Ødegård
beta  chidi        Chidi Okafor
beta  ingrid       Ingrid Þórsdóttir
gamma mateus       Mateus Gonçalves
gamma haruka       田中 遥
gamma omar         عمر الخطيب
gamma grace        Grace Kim
gamma pavel        Павел Новак
delta sofia        Sofía Marín
delta min          민서 박
delta elif         Elif Yılmaz
delta rafael       Rafael Souza
delta nia          Nia Thompson
delta bao          Bảo Trần
delta oskar        Oskar Kowalczyk
"""


@dataclass(frozen=True)
class Person:
    """A member of the demonstration who cannot be chosen at the sign-in."""

    user_id: str
    chapter_id: str
    name: str


EXTRAS: Mapping[str, Person] = {
    key: Person(f"demo-{key}", chapter, name)
    for chapter, key, name in (line.split(maxsplit=2) for line in _PEOPLE.strip().splitlines())
}

LAPSED = ("amara", "kwame", "mateus", "sofia")
"""Completed the yearly course more than a year ago, and never again."""
RENEWED = ("hedda", "yael", "haruka")
"""The same, and have done it again since."""
COMPLETED_DAYS_AGO: Mapping[str, int] = {
    "noura": 352, "lucia": 340, "omar": 325, "min": 310, "tomas": 262, "anders": 231, "grace": 188,
    "elif": 150, "priya": 117, "chidi": 83, "rafael": 52, "pavel": 20,
}  # fmt: skip
"""On which day each completed the yearly course."""
UNDER_WAY = ("jonas", "nia")
"""Have begun and not ended; the first is late."""
WAITING = ("ingrid", "bao")
"""Were assigned and have not begun; the first is late."""
FAILED = "oskar"
HOSTS: Mapping[str, tuple[int, int, bool]] = {
    "noura": (160, 5, True), "lucia": (151, 4, True), "omar": (140, 3, True), "min": (133, 5, True),
    "tomas": (121, 2, True), "anders": (99, 4, True), "grace": (90, 1, True), "elif": (72, 5, True),
    "priya": (9, 4, False), "chidi": (6, 3, False), "rafael": (4, 0, False), "hedda": (3, 4, False),
    "yael": (2, 1, False), "haruka": (1, 3, False),
}  # fmt: skip
"""Who took the course for hosts: how many days ago, how much they know (of 5), whether a grader has read the plan."""
PLANS = (
    "Our treasurer and two seniors stay sober and wear badges. We hand out 80 wristbands; when they are gone, people"
    " wait outside. We call 911 first and the campus police second, and somebody stands at the street.",
    "The president stays sober. Somebody counts at the door.",
    "We have never had a problem, so we will do as always.",
)
"""What they hand in, the best first."""
