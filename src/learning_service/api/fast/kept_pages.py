"""Pages that many are shown, kept under a mark that changes whenever anything on them does."""

from collections import OrderedDict

MAX_BYTES = 16 * 1024 * 1024
"""Of pages and marks together; the longest unasked is dropped first."""


class KeptPages:
    """Pages by their marks. Who may see a page is for the one who gives the mark to judge."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        """Kept now."""
        self._pages: OrderedDict[str, bytes] = OrderedDict()

    def page(self, mark: str) -> bytes | None:
        """The page of this mark, if it is kept."""
        page = self._pages.get(mark)
        if page is not None:
            self._pages.move_to_end(mark)
        return page

    def keep(self, mark: str, page: bytes) -> None:
        """Keep a page."""
        if mark in self._pages:
            return
        self._pages[mark] = page
        self.bytes += len(mark) + len(page)
        while self.bytes > self.max_bytes:
            mark, page = self._pages.popitem(last=False)
            self.bytes -= len(mark) + len(page)
