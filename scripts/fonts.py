"""Renew assets/fonts: `python scripts/fonts.py NOTO_CORE NOTO_EMOJI HANAZONO NOTO_SERIF_SC` (needs fonttools).

The arguments are the unpacked Debian packages fonts-noto-core (20201225) and fonts-hanazono (20170904), and the
unpacked npm packages @expo-google-fonts/noto-emoji (0.4.7) and noto-serif-sc (0.4.3). Noto files are copied as they
are. Of Hanazono, whose licence allows that, only those Han characters beyond the Basic Multilingual Plane are taken
that national standards list (JIS X 0213, HKSCS, China's table of common characters), under a name of its own.
`index.json` says which file draws which character, so that no file is opened to look.
"""

import io
import json
import shutil
import sys
from pathlib import Path

from fontTools import subset
from fontTools.merge import Merger
from fontTools.ttLib import TTFont
from fontTools.unicodedata import script

FONTS = Path(__file__).parent.parent / "src/learning_service/assets/fonts"
VOICES = ["NotoSerifDisplay-Medium", "NotoSans-Regular"]
SIGNS = ["NotoSansMath-Regular", "NotoSansSymbols2-Regular", "NotoEmoji-Regular", "DroidSansFallbackFull"]
LAST = ["NanumMyeongjo", "NotoSansSymbols-Regular"]
PICTURES_FROM = 0x1F000
SERIFS = [
    "Ahom",
    "Armenian",
    "Balinese",
    "Bengali",
    "Devanagari",
    "Dogra",
    "Ethiopic",
    "Georgian",
    "Grantha",
    "Gujarati",
    "Gurmukhi",
    "Kannada",
    "Khmer",
    "Khojki",
    "Lao",
    "Malayalam",
    "Myanmar",
    "NyiakengPuachueHmong",
    "Sinhala",
    "Tamil",
    "Telugu",
    "Thai",
    "Tibetan",
    "Yezidi",
]
# Tangut and SignWriting take 8 MB and write no names; the others are second faces for scripts that have one.
LEFT_OUT = [
    "Display",
    "AdlamUnjoined",
    "KufiArabic",
    "SignWriting",
    "TamilSupplement",
    "TifinaghAPT",
    "TifinaghAdrar",
    "TifinaghAgrawImazighen",
    "TifinaghAhaggar",
    "TifinaghAir",
    "TifinaghAzawagh",
    "TifinaghGhat",
    "TifinaghHawad",
    "TifinaghRhissaIxa",
    "TifinaghSIL",
    "TifinaghTawellemmet",
    "MayanNumerals",
    "IndicSiyaqNumbers",
    "Hebrew",
]
SUPPLEMENT = "GlyphWikiMinchoSupplement"
COMMON = ("Zyyy", "Zinh", "Zzzz")


def copy_noto(noto: Path, emoji: Path) -> None:
    """One file for each script, the serif where there is one."""
    folder = noto / "usr/share/fonts/truetype/noto"
    sans = {path.stem.removeprefix("NotoSans").removesuffix("-Regular"): path
            for path in folder.glob("NotoSans*-Regular.ttf")}  # fmt: skip
    for name in [*LEFT_OUT, *SERIFS]:
        sans.pop(name, None)
    for path in [*sans.values(), *(folder / f"NotoSerif{name}-Regular.ttf" for name in SERIFS)]:
        shutil.copyfile(path, FONTS / path.name)
    shutil.copyfile(emoji / "package/400Regular/NotoEmoji_400Regular.ttf", FONTS / "NotoEmoji-Regular.ttf")


def make_supplement(hanazono: Path, simplified: Path) -> None:
    """The Han characters of planes 2 and 3 that national standards list."""
    folder = hanazono / "usr/share/fonts/truetype/hanazono"
    first = {0x20} | {code for code in characters(folder / "HanaMinA.ttf") if code >= 0x20000}
    wanted = characters(simplified / "package/400Regular/NotoSerifSC_400Regular.ttf")
    parts: list[io.BytesIO] = []
    for name, codes in (
        ("HanaMinA", first),
        ("HanaMinB", {code for code in wanted if code >= 0x20000} - first),
    ):
        options = subset.Options(layout_features=[], hinting=False, notdef_outline=True, glyph_names=False)
        options.drop_tables += ["GSUB", "GPOS", "vhea", "vmtx", "VORG", "BASE"]
        font = subset.load_font(str(folder / f"{name}.ttf"), options)
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=codes)
        subsetter.subset(font)
        parts.append(io.BytesIO())
        font.save(parts[-1])
    merged = Merger().merge(parts)
    for record in merged["name"].names:
        if record.nameID in (1, 3, 4, 6, 16):
            record.string = SUPPLEMENT
    merged["head"].modified = merged["head"].created = 0
    merged.recalcTimestamp = False
    merged.save(FONTS / f"{SUPPLEMENT}.ttf")


def characters(path: Path) -> set[int]:
    """The code points that a font has a glyph for."""
    return set(TTFont(path, lazy=True).getBestCmap())


def write_index() -> None:
    """Which file draws which character: its script's own first, then those with signs of all kinds."""
    paths = sorted(FONTS.glob("*.ttf"))
    order = [FONTS / f"{name}.ttf" for name in [*VOICES[::-1], *SIGNS]]
    order += sorted(set(paths) - set(order), key=lambda path: (path.stem in LAST, path))
    covered = {path: characters(path) for path in order}
    owner: dict[int, int] = {}
    for path in order:
        own = main_scripts(covered[path]) if path.stem not in VOICES else {"Latn", "Grek", "Cyrl"}
        for code in covered[path]:
            if script(chr(code)) in own:
                owner.setdefault(code, paths.index(path))
    emoji = FONTS / "NotoEmoji-Regular.ttf"
    owner |= {code: paths.index(emoji) for code in covered[emoji] if PICTURES_FROM <= code < 0x20000}
    for path in order:
        for code in covered[path]:
            owner.setdefault(code, paths.index(path))
    rows: list[list[int]] = []
    for code in sorted(owner):
        if rows and rows[-1][1] == code - 1 and rows[-1][2] == owner[code]:
            rows[-1][1] = code
        else:
            rows.append([code, code, owner[code]])
    index = {"fonts": [path.stem for path in paths], "ranges": rows}
    (FONTS / "index.json").write_text(json.dumps(index, separators=(",", ":")) + "\n")


def main_scripts(codes: set[int]) -> set[str]:
    """The scripts that a font is made for: those of a good part of its characters."""
    counts: dict[str, int] = {}
    for code in codes:
        name = script(chr(code))
        if name not in COMMON:
            counts[name] = counts.get(name, 0) + 1
    most = max(counts.values(), default=0)
    return {name for name, count in counts.items() if count * 20 >= most}


if __name__ == "__main__":
    noto, emoji, hanazono, simplified = map(Path, sys.argv[1:])
    copy_noto(noto, emoji)
    make_supplement(hanazono, simplified)
    write_index()
