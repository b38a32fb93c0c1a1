"""Which reads are not kept ones."""

import pytest

from learning_service.core.reading import ReadingSession


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The organizations for which a request that only reads opened a transaction of the engine."""
    found: list[object] = []
    become = ReadingSession.be_of_engine

    async def noted(session: ReadingSession) -> None:
        found.append(session._organization_id)
        await become(session)

    monkeypatch.setattr(ReadingSession, "be_of_engine", noted)
    return found
