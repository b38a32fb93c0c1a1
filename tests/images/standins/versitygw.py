"""Stands in for versitygw: the same words on its command line, the same file of accounts; nanio does the rest.

Every key must be known, but each may do everything: what the store's policy allows is tried by
`tests/operations/test_logins.py`.
"""

import argparse
import json
import os
from pathlib import Path

import uvicorn
from nanio.app import build_app
from nanio.auth.credentials import StaticCredentialResolver
from nanio.config import Settings
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from learning_devstack.s3_app import S3Additions


class Additions:
    """Says that it is well, and takes a bucket's policy and CORS rule without ever looking at them."""

    def __init__(self, inner: ASGIApp, path: str) -> None:
        self._inner = inner
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http" and scope["path"] == self._path:
            await Response("ok")(scope, receive, send)
        elif scope["type"] == "http" and scope["query_string"] in (b"policy", b"cors"):
            await Response(status_code=204)(scope, receive, send)
        else:
            await self._inner(scope, receive, send)


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--iam-dir", type=Path, required=True)
    parser.add_argument("--port", required=True)
    parser.add_argument("--health", required=True)
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("backend", choices=["posix"])
    parser.add_argument("data", type=Path)
    words = parser.parse_args()
    accounts = json.loads((words.iam_dir / "users.json").read_text())["accessAccounts"]
    keys = {one["access"]: one["secret"] for one in accounts.values()}
    keys[os.environ["ROOT_ACCESS_KEY_ID"]] = os.environ["ROOT_SECRET_ACCESS_KEY"]
    settings = Settings(data_dir=words.data, region="us-east-1", credentials=StaticCredentialResolver(keys))
    app = Additions(S3Additions(build_app(settings), words.data), words.health)
    uvicorn.run(app, host="0.0.0.0", port=int(words.port.removeprefix(":")), log_level="warning")


if __name__ == "__main__":
    main()
