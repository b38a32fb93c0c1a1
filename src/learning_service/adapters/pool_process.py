"""A process of the pool: does what its standard input asks, one piece after the other, until that ends."""

import os
import pickle
import queue
import signal
import threading
from typing import IO, Any

from learning_service.core.loading import loading
from learning_service.core.memory import give_back, keep_little

SIZE_BYTES = 8
"""Before each message stands its length."""
NICENESS = 5
"""Drawing thousands after a deadline must not slow down the processes that answer requests on the same machine."""


def serve() -> None:
    """Answer until the parent ends; it alone says when, and not a signal that is meant for the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.nice(NICENESS)
    keep_little()
    asked, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # What a library prints is no answer.
    os.dup2(2, 1)
    pieces: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asked, pieces), daemon=True).start()
    while True:
        message = pieces.get()
        with loading():
            answer = _done(message)
        answers.write(len(answer).to_bytes(SIZE_BYTES, "big") + answer)
        answers.flush()
        del message, answer
        give_back()


def _listen(asked: IO[bytes], pieces: "queue.SimpleQueue[bytes]") -> None:
    """Bring what is asked, and end this process with its parent, also in the middle of a piece."""
    while size := asked.read(SIZE_BYTES):
        pieces.put(asked.read(int.from_bytes(size, "big")))
    os._exit(0)


def _done(message: bytes) -> bytes:
    """Whether there is an answer, and that or the error."""
    try:
        function, arguments = pickle.loads(message)  # noqa: S301  -- our own
        return pickle.dumps((True, function(*arguments)))
    except Exception as error:
        return pickle.dumps((False, _sendable(error)))


def _sendable(error: Exception) -> Any:
    """The error, or its words where it would not arrive as it is."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  -- our own
    except Exception:
        return RuntimeError(repr(error))
    return error
