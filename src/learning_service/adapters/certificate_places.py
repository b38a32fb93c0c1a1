"""Where everything stands on a certificate: one layout for a page that lies, one for a page that stands.

All places are in points from the lower left corner of A4; on another paper the same is drawn smaller, in its middle.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias

from learning_service.adapters.certificate_content import Orientation, Paper
from learning_service.adapters.certificate_layout import Place

Size: TypeAlias = tuple[float, float]

_PORTRAIT: dict[Paper, Size] = {"a4": (595.28, 841.89), "letter": (612.0, 792.0)}
PAGES: dict[tuple[Paper, Orientation], Size] = {
    **{(paper, "portrait"): size for paper, size in _PORTRAIT.items()},
    **{(paper, "landscape"): (size[1], size[0]) for paper, size in _PORTRAIT.items()},
}


@dataclass(frozen=True, slots=True)
class Statement:
    """The heights of the lines that say who has done what: baselines, but the middle of name and course."""

    issuer: float
    heading: float
    presented: float
    name: float
    rule: float
    completed: float
    course: float
    detailed: tuple[float, float]
    """The middles of course and details, where there are any."""


@dataclass(frozen=True, slots=True)
class Hand:
    """The room in which somebody signs, around a middle of its own."""

    line: float
    """How high the line is on which one signs."""
    half: float
    """Half the length of that line."""
    picture: tuple[float, float]
    """How wide and high a signature above the line may be."""
    name: Place
    title: Place


@dataclass(frozen=True, slots=True)
class Foot:
    """Where the last rows stand: who signs, dates, code, and seal."""

    dates: tuple[tuple[float, float], tuple[float, float]]
    """The middle of each date, and its baseline."""
    code: tuple[float, float, float]
    """The code's lower left corner, and its side."""
    hand: Hand
    signatories: tuple[float, ...] = ()
    """The middle of each signature."""
    seal: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """The middle of the seal, and how wide and high it may be."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of one orientation."""

    size: Size
    """The page for which all of this is given."""
    logo: tuple[float, float, float, float]
    """Centre x, centre y, greatest width, greatest height."""
    rosette: float
    """How high the middle of the rosette is."""
    plain: Statement
    under_logo: Statement
    issuer: Place
    heading: Place
    name: Place
    course: Place
    detailed_course: Place
    details: Place
    """What the course taught, and for how many hours."""
    date: Place
    rule: float
    """Half the length of the lines under dates."""
    feet: tuple[tuple[Foot, Foot], tuple[Foot, Foot], tuple[Foot, Foot]]
    """By how many sign; of each, without a seal and with one."""
    address: Place
    small_print: tuple[float, float]
    """How high number and address stand."""
    mark: Place
    """The word across a page that is not in force, along its diagonal."""

    @property
    def centre(self) -> float:
        """The middle, from the left."""
        return self.size[0] / 2

    def on(self, page: Size) -> tuple[float, float, float]:
        """How this goes onto a page: its scale, and by how much it moves to the right and up."""
        scale = min(page[0] / self.size[0], page[1] / self.size[1])
        return scale, (page[0] - self.size[0] * scale) / 2, (page[1] - self.size[1] * scale) / 2


_LYING = Hand(
    line=122,
    half=96,
    picture=(176, 48),
    name=Place(width=188, height=26, size=12.5, one_line_size=9, wrapped_size=9.5),
    title=Place(width=192, height=22, size=9, one_line_size=7, wrapped_size=7.5),
)
_LYING_OF_TWO = replace(
    _LYING,
    line=130,
    half=84,
    picture=(156, 44),
    name=replace(_LYING.name, width=168, height=24),
    title=replace(_LYING.title, width=168, height=18),
)
_LYING_BESIDE_SEAL = replace(
    _LYING,
    line=130,
    half=70,
    picture=(132, 42),
    name=replace(_LYING.name, width=142, height=24),
    title=replace(_LYING.title, width=142, height=18),
)
_LYING_CODE = (644.0, 92.0, 92.0)
_STANDING = Hand(
    line=168,
    half=88,
    picture=(168, 42),
    name=Place(width=172, height=32, size=13, one_line_size=10, wrapped_size=11),
    title=Place(width=176, height=32, size=9, one_line_size=8, wrapped_size=8),
)
_STANDING_OF_TWO = replace(
    _STANDING, line=236, picture=(168, 38), name=replace(_STANDING.name, height=30),
    title=replace(_STANDING.title, height=24),
)  # fmt: skip
_SIDE_BY_SIDE = ((185.64, 252.0), (409.64, 252.0))
_AROUND_CODE = Foot(
    ((158.0, 132.0), (437.28, 132.0)), (259.64, 100.0, 76.0), _STANDING_OF_TWO, (158.0, 437.28)
)

# A logo takes its room from the space around heading and course, so that it stands free of frame and words.
LAYOUTS: dict[Orientation, Layout] = {
    "landscape": Layout(
        size=PAGES["a4", "landscape"],
        logo=(PAGES["a4", "landscape"][0] / 2, 507.0, 240.0, 58.0),
        rosette=300,
        plain=Statement(489, 428.4, 394.2, 339, 296, 274, 232, (240, 199)),
        under_logo=Statement(451, 400, 373, 325, 282, 260, 218, (231, 195)),
        issuer=Place(width=640, height=36, size=18, one_line_size=11, wrapped_size=12),
        heading=Place(width=676, height=44, size=36, one_line_size=20, wrapped_size=20),
        name=Place(width=676, height=78, size=42, one_line_size=22, wrapped_size=26),
        course=Place(width=676, height=66, size=25, one_line_size=14.5, wrapped_size=18),
        detailed_course=Place(width=676, height=46, size=25, one_line_size=14.5, wrapped_size=18),
        details=Place(width=560, height=24, size=9.5, one_line_size=8.5, wrapped_size=8.5),
        date=Place(width=132, height=20, size=12.5, one_line_size=8, wrapped_size=8),
        rule=66,
        feet=(
            (
                Foot(((176.0, 132.0), (PAGES["a4", "landscape"][0] / 2, 132.0)), _LYING_CODE, _LYING),
                Foot(((172.0, 132.0), (340.0, 132.0)), _LYING_CODE, _LYING, (), (525.0, 136.0, 88.0)),
            ),
            (
                Foot(((372.0, 132.0), (530.0, 132.0)), _LYING_CODE, _LYING, (184.0,)),
                Foot(((530.0, 164.0), (530.0, 118.0)), _LYING_CODE, _LYING, (184.0,), (372.0, 136.0, 88.0)),
            ),
            (
                Foot(((546.0, 164.0), (546.0, 118.0)), _LYING_CODE, _LYING_OF_TWO, (174.0, 366.0)),
                Foot(
                    ((562.0, 164.0), (562.0, 118.0)),
                    _LYING_CODE,
                    _LYING_BESIDE_SEAL,
                    (160.0, 406.0),
                    (283.0, 136.0, 76.0),
                ),
            ),
        ),
        address=Place(width=700, height=20, size=8.5, one_line_size=6, wrapped_size=6),
        small_print=(68, 55),
        mark=Place(width=820, height=160, size=130, one_line_size=40, wrapped_size=40),
    ),
    "portrait": Layout(
        size=PAGES["a4", "portrait"],
        logo=(PAGES["a4", "portrait"][0] / 2, 722.0, 240.0, 72.0),
        rosette=486,
        plain=Statement(706, 622, 578, 512, 450, 420, 362, (364, 302)),
        under_logo=Statement(646, 588, 552, 494, 436, 408, 354, (358, 298)),
        issuer=Place(width=420, height=44, size=18, one_line_size=14, wrapped_size=14),
        heading=Place(width=430, height=44, size=38, one_line_size=20, wrapped_size=20),
        name=Place(width=440, height=104, size=40, one_line_size=26, wrapped_size=30),
        course=Place(width=420, height=88, size=25, one_line_size=20, wrapped_size=21),
        detailed_course=Place(width=420, height=76, size=25, one_line_size=20, wrapped_size=21),
        details=Place(width=420, height=40, size=10, one_line_size=9, wrapped_size=9),
        date=Place(width=168, height=20, size=13, one_line_size=9, wrapped_size=9),
        rule=88,
        feet=(
            (
                Foot(_SIDE_BY_SIDE, (251.64, 108.0, 92.0), _STANDING),
                Foot(_SIDE_BY_SIDE, (363.64, 108.0, 92.0), _STANDING, (), (185.64, 154.0, 92.0)),
            ),
            (
                Foot(_SIDE_BY_SIDE, (363.64, 108.0, 92.0), _STANDING, (185.64,)),
                Foot(
                    ((158.0, 252.0), (437.28, 252.0)),
                    (429.28, 108.0, 92.0),
                    _STANDING,
                    (158.0,),
                    (335.0, 154.0, 92.0),
                ),
            ),
            (_AROUND_CODE, replace(_AROUND_CODE, seal=(297.64, 230.0, 84.0))),
        ),
        address=Place(width=450, height=20, size=8.5, one_line_size=7, wrapped_size=7),
        small_print=(77, 64),
        mark=Place(width=740, height=140, size=112, one_line_size=40, wrapped_size=40),
    ),
}
