"""A process makes at its start what every call needs, and the rest when it is first asked for."""

import json
import subprocess
import sys

import pytest
from tests.kit.processes import ROOT, environment

from learning_service.core.settings import Settings

LATER = (
    *("aioboto3", "botocore", "httpcore", "httpx", "nats"),
    *(
        "reportlab",
        "PIL",
        "pypdfium2",
        "segno",
        "pyhanko",
        "pyld",
        "lxml",
        "requests",
        "xlsxwriter",
        "uharfbuzz",
    ),
    *("babel", "rich", "pygments", "httpx._main"),
)
"""What the first call that needs it loads, or a process of the pool, or a terminal."""
LOOK = """
import json, sys, typer
from learning_service.cli.app import app
typer.main.get_command(app).get_command(None, "api")
from learning_service.api.routes import api_routes
from learning_service.cli.api import settled_app
from learning_service.core.settings import Settings
from learning_service.schemas.courses import CourseOut
routes = api_routes(settled_app(Settings()))
made = lambda: [route.path for route in routes if "dependant" in vars(route)]
libraries = [name for name in sys.argv[1:] if name in sys.modules]
before, model = made(), CourseOut.__pydantic_complete__
[courses] = [route for route in routes if route.path == "/api/courses/" and "GET" in route.methods]
answer = courses.response_field.name
print(json.dumps({"before": before, "model": model, "after": made(), "answer": answer, "libraries": libraries}))
"""


def _told(settings: Settings, program: str, *arguments: str, **changes: str) -> str:
    """What a program prints that is run in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        env={**environment(settings), **changes},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return ran.stdout


@pytest.mark.long
def test_routes_schemas_and_libraries_come_when_they_are_first_needed(settings: Settings) -> None:
    told = _told(settings, LOOK, *LATER, REFERENCE_ENABLED="false")
    found = json.loads(told)
    assert found["before"] == []
    assert found["model"] is False
    assert found["libraries"] == []
    assert found["after"] == ["/api/courses/"]
    assert found["answer"].startswith("Response_")


WORKER = """
import sys, typer
from learning_service.cli.app import app
typer.main.get_command(app).get_command(None, "worker")
from learning_service.cli.worker import load_settings
settings = load_settings()
settings.load_jobs(settings.WorkerSettings)
from learning_service.worker.process import functions_of
assert functions_of(("jobs", "webhooks"))
print(*(name for name in sys.argv[1:] if name in sys.modules))
"""


@pytest.mark.long
def test_a_worker_does_not_load_what_its_helpers_use(settings: Settings) -> None:
    told = _told(settings, WORKER, *LATER, "fastapi", "jinja2")
    assert told.split() == []


TRUST = """
import asyncio, os
from learning_service.worker import settings
before = dict(os.environ)
settings.load_jobs(settings.WorkerSettings)
assert dict(os.environ) == before
import aiohttp.connector
from aiobotocore.httpsession import AIOHTTPSession
async def of_store():
    return AIOHTTPSession()._create_connector(None)._ssl
contexts = [aiohttp.connector._SSL_CONTEXT_VERIFIED, asyncio.run(of_store())]
print(*(f"{one.verify_mode.name} {one.cert_store_stats()['x509_ca'] > 0}" for one in contexts), sep=",")
"""


@pytest.mark.long
def test_only_who_asks_the_store_has_authorities_and_each_context_verifies(settings: Settings) -> None:
    told = _told(settings, TRUST)
    assert told.strip() == "CERT_REQUIRED False,CERT_REQUIRED True"


STORE = """
import sys
from learning_service.adapters.s3_library import session_of
from learning_service.core.settings import Settings
assert session_of(Settings())
print(*(name for name in ("httpx", "rich", "s3transfer", "boto3.s3", "aiofiles") if name in sys.modules))
"""


@pytest.mark.long
def test_the_store_loads_no_second_client_of_http_and_nothing_for_files(settings: Settings) -> None:
    told = _told(settings, STORE)
    assert told.split() == []
