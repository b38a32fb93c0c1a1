"""What a file says it is: which certificate of ours it names, and in how many ways.

A file whose digest we know is what was issued. Any other may be a changed certificate, or a stranger's page that only
links to one: a certificate names itself in several places, and two of them that agree are enough.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from learning_service.domain.certificates.rules.codes import read_code

CheckResult = Literal["genuine", "altered", "not-ours", "unreadable"]
MOST_NAMES = 20
"""A file may name so many certificates in each way; further ones are passed over."""
_ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_ALONE = re.compile(rf"\s*({_ID})\s*")
_PAGE = re.compile(rf"/certificates/({_ID})/verify/")
_CREDENTIAL = re.compile(rf"/api/certificates/({_ID})/credential/")
_CODE = re.compile(r"/c/([0-9A-Za-z*~$=-]{17,40})")


@dataclass(frozen=True, slots=True)
class Traces:
    """What of a certificate was found in a file: texts that name it, by the places where they stood."""

    is_readable: bool = False
    keywords: tuple[str, ...] = ()
    """Of a PDF's metadata."""
    links: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()
    """Ids of credentials that the file carries."""

    def codes(self) -> frozenset[bytes]:
        """The short codes to which it links."""
        found = (read_code(text) for text in _found(_CODE, self.links))
        return frozenset(code for code in found if code is not None)

    def named(self, of_code: Mapping[bytes, UUID]) -> tuple[UUID, ...]:
        """The certificates that it may be: those that two of its places name, or that its credential is of."""
        ways = (
            _ids(_ALONE, self.keywords),
            _ids(_PAGE, self.links),
            frozenset(of_code[code] for code in self.codes() if code in of_code),
        )
        twice = {one for one in frozenset().union(*ways) if sum(one in way for way in ways) > 1}
        return tuple(sorted(twice | _ids(_CREDENTIAL, self.credentials)))[:MOST_NAMES]


def _found(form: re.Pattern[str], texts: Iterable[str]) -> list[str]:
    return [match[1] for text in texts if (match := form.search(text))][:MOST_NAMES]


def _ids(form: re.Pattern[str], texts: Iterable[str]) -> frozenset[UUID]:
    return frozenset(UUID(text) for text in _found(form, texts))
