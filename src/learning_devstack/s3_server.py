"""The S3 server of this copy as a part. What it answers is in `s3_app.py`."""

import http.client
import sys
from pathlib import Path

from learning_devstack.binaries import package_directory
from learning_devstack.guard_client import Guard
from learning_devstack.part import Part
from learning_devstack.ports import LOOPBACK
from learning_devstack.process import Process, StartError, clean_environment
from learning_service.core.settings import DEVELOPMENT_ACCESS_KEY_ID

ACCESS_KEY_ID = DEVELOPMENT_ACCESS_KEY_ID
UVICORN = (
    *("-m", "uvicorn", "--factory", "learning_devstack.s3_app:create_app"),
    *("--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "2"),
)


def make_s3(
    directory: Path, *, port: int, secret: str, bucket: str, origins: str, logs: Path, guard: Guard
) -> Part:
    """Make the bucket and return the part, not started. Raises StartError when nanio is not installed.

    Pages of `origins`, a JSON list, may read files.
    """
    if package_directory("nanio") is None:
        raise StartError("no S3 server found: the wheel nanio is not installed. Set S3_ENDPOINT_URL instead.")
    data = directory / "s3"
    (data / bucket / ".nanio-meta").mkdir(parents=True, exist_ok=True)
    process = Process(
        "s3",
        [sys.executable, *UVICORN, "--host", LOOPBACK, "--port", str(port)],
        environment=clean_environment(
            {
                "NANIO_ACCESS_KEY": ACCESS_KEY_ID,
                "NANIO_SECRET_KEY": secret,
                "NANIO_DATA_DIR": str(data.resolve()),
                "CORS_ORIGINS": origins,
            }
        ),
        log=logs / "s3.log",
        guard=guard,
        grace_seconds=4,
    )
    return Part("S3 server", port, process, lambda: _answers(port), lambda: remove_unfinished(data))


def remove_unfinished(data: Path) -> None:
    """Remove what a killed server was writing: nanio never writes beside such a file again."""
    for path in [*data.rglob(".tmp.*"), *data.glob("*/.nanio-meta/**/*.json.tmp")]:
        path.unlink(missing_ok=True)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=1)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == http.client.FORBIDDEN
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
