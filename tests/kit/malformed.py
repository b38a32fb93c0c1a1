"""Bodies that no route takes."""

import json

MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "truncated": b"{",
    "array": b"[]",
    "null": b"null",
    "bare text": b'"x"',
    "bare number": b"7",
    "trailing comma": b'{"a": 1,}',
    "two documents": b"{} {}",
    "single quotes": b"{'a': 1}",
    "comment": b"{/* x */}",
    "not text": b"\xff\xfe\x00",
    "utf-16": '{"title": "x"}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "latin-1": '{"title": "é"}'.encode("latin-1"),
    "surrogate": rb'{"title": "\ud800", "name": "\ud800", "display_name": "\udfff"}',
    "NUL": rb'{"title": "a\u0000b", "name": "a\u0000b"}',
    "raw control": b'{"title": "a\x01b"}',
    "NaN": b'{"title": NaN}',
    "Infinity": b'{"title": -Infinity}',
    "huge number": b'{"title": 1e999}',
    "5,000 digits": b'{"title": ' + b"7" * 5000 + b"}",
    "depth 100,000": b"[" * 100_000 + b"]" * 100_000,
    "objects without end": b'{"a":' * 100_000,
    "depth 900": b'{"title": ' + b"[" * 900 + b"]" * 900 + b"}",
    "key twice": b'{"title": "a", "title": "b"}',
    "unknown field": b'{"titel": "x"}',
    "prototype": b'{"__proto__": {"role": "national_admin"}}',
    "odd key": json.dumps({"a/b~\u202e" * 50: 1}).encode(),
    "long key": json.dumps({"k" * 1_000_000: 1}).encode(),
}


SOME = "0193a4e0-7c3e-7000-8000-000000000001"
