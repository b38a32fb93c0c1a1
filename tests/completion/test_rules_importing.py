"""Files of rows as spreadsheets save them, and what their cells may say."""

import re
import tracemalloc
from collections.abc import Sequence

import pytest

from learning_service.domain.completion.rules.importing import RejectedRow, WantedRow, read_rows
from learning_service.domain.kernel.errors import Invalid

COURSE = "0190d5a0-0000-7000-8000-000000000001"
DUE = "2027-01-01T00:00:00Z"
HEADER = "user_id,course_id,due_at,reason"


def rejected(rows: Sequence[WantedRow | RejectedRow]) -> list[tuple[int, str]]:
    return [(row.line, row.code) for row in rows if isinstance(row, RejectedRow)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_files_of_every_spreadsheet_are_read(encoding: str, separator: str) -> None:
    header = separator.join((" User_ID ", "course_id", '"due_at"', "reason"))
    row = separator.join((" ana", f'"{COURSE}"', DUE, '"Zoë said:\r\n""yes"""'))
    file = f"{header}\r\n\r\n{row}\r\n{separator * 3}\r\n{separator}{COURSE}{separator}\r\n"
    first, second = read_rows("assignments", file.encode(encoding))
    assert isinstance(first, WantedRow)
    assert (first.line, first.user_id, first.reason) == (3, "ana", 'Zoë said:\n"yes"')
    assert rejected([second]) == [(6, "required")]


def test_hostile_rows_are_faults_of_their_own() -> None:
    rows = (
        f'ana,{COURSE},{DUE},"open',
        f"bob,{COURSE},{DUE},{'x' * 1_000_000}",
        f"cyd,{COURSE},{DUE},nul\0",
        f'dan,{COURSE},{DUE},"a"b',
        f"eve,{COURSE},{DUE},{'x' * 2001}",
        f"ana,{COURSE},{DUE},\u202eevil",
        f"ana,{COURSE},{DUE},=HYPERLINK(1)",
        f"eve,{COURSE},{DUE},fine",
        f'fay,{COURSE},{DUE},"open to the end',
        f"gil,{COURSE},{DUE},also fine",
    )
    found = list(read_rows("assignments", "\n".join((HEADER, *rows)).encode()))
    assert rejected(found) == [
        (2, "wrong-form"),
        (3, "too-long"),
        (4, "not-allowed"),
        (5, "wrong-form"),
        (6, "too-long"),
        (7, "not-allowed"),
        (8, "not-allowed"),
        (10, "wrong-form"),
    ]


def test_quotations_without_an_end_keep_no_other_rows_back() -> None:
    rows = (f'ana,{COURSE},{DUE},"open', f"bob,{COURSE},{DUE},fine", f'cyd,{COURSE},{DUE},"open too')
    found = list(read_rows("assignments", "\n".join((HEADER, *rows)).encode()))
    assert [(row.line, type(row)) for row in found] == [(2, RejectedRow), (3, WantedRow), (4, RejectedRow)]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"user_id,course_id\n", "required"),
        (b"user_id,course_id,due_at,evil\n", "unknown-field"),
        (b"user_id,course_id,due_at,due_at\n", "twice"),
        (b"user_id,course_id,due_at\n\x81\n", "wrong-form"),
        (b"%PDF-1.7\n\x81\x8d", "wrong-form"),
        (b"PK\x03\x04\0\0", "unknown-field"),
        (b"user_id,course_id,due_at\n" + b"a,b,c\n" * 50_001, "too-many"),
        (b"user_id,course_id,due_at\n" + b"\n" * 16_000_000, "too-many"),
    ],
    ids=["empty", "blank", "short", "unknown", "twice", "binary", "pdf", "zip", "long", "blank lines"],
)
def test_what_is_no_such_file_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        list(read_rows("assignments", content))
    assert refused.value.faults[0].code == code


def test_no_detail_quotes_the_file() -> None:
    """Reports are passed on; what a cell says stays in the file."""
    rows = (
        f"0x5ecret!,{COURSE},{DUE},",
        f"ana,0x5ecret!,{DUE},",
        f"ana,{COURSE},0x5ecret!,",
        f"ana,{COURSE},{DUE},=0x5ecret!",
    )
    found = list(read_rows("assignments", "\n".join((HEADER, *rows)).encode()))
    assert all(isinstance(one, RejectedRow) and not re.search("5ecret", one.detail) for one in found)


@pytest.mark.long
def test_fifty_thousand_rows_are_read_in_flat_memory() -> None:
    rows = (f"user-{n},{COURSE},{DUE},{'a reason ' * 20}" for n in range(50_000))
    content = "\n".join((HEADER, *rows)).encode()
    tracemalloc.start()
    try:
        assert sum(isinstance(row, WantedRow) for row in read_rows("assignments", content)) == 50_000
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 16 * 1024 * 1024, f"{most} bytes for a file of {len(content)}"
