"""The web application under `/app/`: built files of this package, or a page that says that they are being built."""

import base64
import hashlib
import re
from collections.abc import Mapping
from html import escape
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response

from learning_service.core.settings import Settings

WEB_FILES = Path(str(resources.files("learning_service") / "assets" / "web"))
"""Where a build puts `index.html`, `assets/` with the hashed files, or `failed.txt` with what went wrong."""

_HASHED = re.compile(r"assets/[A-Za-z0-9_-]{1,80}\.(?:js|css|svg|woff2)")
_PLAIN = ("icon.svg",)
_YEAR = "public, max-age=31536000, immutable"
_STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:20vh auto;padding:0 1rem;"
    "color-scheme:light dark}pre{white-space:pre-wrap}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")
_GOES_ON = '<meta http-equiv="refresh" content="2">'


def install_web_app(app: FastAPI, settings: Settings, files: Path = WEB_FILES) -> None:
    """Serve the web application under `/app/`."""
    site = _Site(settings, files)

    async def serve(request: Request) -> Response:
        return site.answer(request.path_params["path"], request.headers)

    app.add_route("/app/{path:path}", serve, methods=["GET"], include_in_schema=False)


class _Site:
    def __init__(self, settings: Settings, files: Path) -> None:
        self._files = files
        self._in_development = settings.environment == "development"
        self._people = settings.demonstration_people if self._in_development else None
        self._sign_in = settings.web_sign_in
        self._headers = _headers(_store_of(settings), _origins_of(settings))

    def answer(self, path: str, asked: Mapping[str, str]) -> Response:
        """What is at this path below `/app/`; a path of no file is a screen, which the application itself opens."""
        if path == "config.json":
            return self._config()
        if path == "demonstration.json":
            return self._demonstration()
        if path.startswith("assets/") or path in _PLAIN:
            return self._file(path, asked)
        index = self._files / "index.html"
        if index.is_file():
            return FileResponse(index, headers={**self._headers, "Cache-Control": "no-cache"})
        return self._not_built()

    def _file(self, path: str, asked: Mapping[str, str]) -> Response:
        file = self._files / path
        if not (_HASHED.fullmatch(path) or path in _PLAIN) or not file.is_file():
            return Response(status_code=404, headers={**self._headers, "Cache-Control": "no-store"})
        headers = {**self._headers, "Cache-Control": _YEAR if _HASHED.fullmatch(path) else "no-cache"}
        packed = file.with_name(file.name + ".gz")
        if not packed.is_file():
            return FileResponse(file, headers=headers)
        headers["Vary"] = "Accept-Encoding"
        if "gzip" not in asked.get("accept-encoding", ""):
            return FileResponse(file, headers=headers)
        # By the plain file's name, which gives the media type.
        return FileResponse(
            packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=_TYPES[file.suffix]
        )

    def _config(self) -> Response:
        told = self._sign_in and self._sign_in.model_dump(exclude={"origins"})
        return JSONResponse({"sign_in": told}, headers={"Cache-Control": "no-store"})

    def _demonstration(self) -> Response:
        headers = {"Cache-Control": "no-store"}
        try:
            text = self._people.read_bytes() if self._people else None
        except OSError:
            text = None
        if text is None:
            return JSONResponse({"people": []}, headers=headers)
        return Response(text, media_type="application/json", headers=headers)

    def _not_built(self) -> Response:
        failed = self._files / "failed.txt"
        if failed.is_file():
            said = "<p>The web application could not be built. The service itself runs.</p>"
            body = _page(said + f"<pre>{escape(failed.read_text('utf-8', 'replace'))}</pre>")
        elif self._in_development:
            body = _page("<p>The web application is being built. This page goes on by itself.</p>", _GOES_ON)
        else:
            return HTMLResponse(_page("<p>The web application is not installed.</p>"), 404, self._headers)
        return HTMLResponse(body, 503, {**self._headers, "Cache-Control": "no-store", "Retry-After": "2"})


_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


def _page(body: str, head: str = "") -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8">{head}<title>Learning</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style><main>{body}</main></html>'
    )


def _store_of(settings: Settings) -> str:
    """The origin from which browsers read stored files."""
    address = settings.s3_public_endpoint_url or settings.s3_endpoint_url
    if address is None:
        return (
            f"https://s3.{settings.s3_region}.amazonaws.com https://*.s3.{settings.s3_region}.amazonaws.com"
        )
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _origins_of(settings: Settings) -> str:
    """Where the application asks for tokens."""
    if settings.web_sign_in is None:
        return ""
    parts = urlsplit(settings.web_sign_in.issuer)
    return "".join(
        f" {origin}" for origin in (f"{parts.scheme}://{parts.netloc}", *settings.web_sign_in.origins)
    )


def _headers(store: str, sign_in: str) -> Mapping[str, str]:
    return {
        # Authors may show pictures, videos and players of other sites, by https alone; what they may embed is judged
        # when it is written. Nothing else comes from elsewhere.
        "Content-Security-Policy": (
            f"default-src 'none'; script-src 'self'; style-src 'self' 'sha256-{_STYLE_HASH}'; "
            f"img-src 'self' data: https: {store}; media-src https: {store}; frame-src https: {store}; "
            f"font-src 'self'; connect-src 'self'{sign_in}; manifest-src 'self'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
