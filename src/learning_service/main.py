"""The API process, wired: routers, problem documents, request log, and the context for its lifetime."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from learning_service.api.compression import Compressed
from learning_service.api.concurrency import ConcurrencyLimit
from learning_service.api.fast import HOT_PATHS, HotPaths
from learning_service.api.lookup import Lookup
from learning_service.api.openapi.document import DESCRIPTION, install_reference
from learning_service.api.openapi.names import CONTACT, LICENSE, SERVERS, operation_id, tags
from learning_service.api.problems import install_problem_handlers
from learning_service.api.redirects import SlashRedirect
from learning_service.api.request_log import RequestLog, write_lines
from learning_service.api.traces import Traced
from learning_service.api.web_app import install_web_app
from learning_service.context import open_context
from learning_service.core.metrics import shown
from learning_service.core.settings import Settings
from learning_service.core.telemetry import configure_logging
from learning_service.routers import (
    accommodations,
    assignments,
    attempts,
    attestations,
    audit,
    authoring,
    bulk,
    certificate_checks,
    certificate_pictures,
    certificates,
    compliance,
    courses,
    credentials,
    directory,
    directory_lists,
    documents,
    enrollments,
    events,
    evidence,
    exemptions,
    grading,
    imports,
    lessons,
    me,
    notifications,
    operation,
    organization,
    overrides,
    preferences,
    privacy,
    programs,
    question_banks,
    question_files,
    regrades,
    reports,
    requirements,
    runs,
    statistics,
    users,
    version_migrations,
    webhooks,
)

ROUTERS = (
    certificates,
    lessons,
    attestations,
    attempts,
    courses,
    users,
    version_migrations,
    me,
    notifications,
    preferences,
    grading,
    overrides,
    statistics,
    regrades,
    enrollments,
    bulk,
    assignments,
    runs,
    compliance,
    evidence,
    exemptions,
    reports,
    audit,
    requirements,
    authoring,
    question_files,
    imports,
    programs,
    question_banks,
    documents,
    directory,
    directory_lists,
    accommodations,
    privacy,
    organization,
    certificate_checks,
    certificate_pictures,
    credentials,
    events,
    webhooks,
    operation,
)


class Service(FastAPI):
    """FastAPI without those of its layers that only pass on, as they are set here: a twentieth of a call's Python."""

    def build_middleware_stack(self) -> ASGIApp:
        """What answers accidents, and then at once the outermost of our own."""
        outermost = super().build_middleware_stack()
        assert isinstance(outermost, ServerErrorMiddleware)
        layer: Any = outermost.app
        while type(layer).__module__.startswith("fastapi."):
            layer = layer.app
        outermost.app = layer
        return outermost

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or self.middleware_stack is None:
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        await self.middleware_stack(scope, receive, send)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application. Without settings it reads them from the environment."""
    settings = settings or Settings()
    configure_logging(settings.log_level)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            open_context(settings, "learning_api") as context,
            shown(settings, context.engine, context.direct, context.readers),
        ):
            app.state.context = context
            yield
        write_lines()

    app = Service(
        title="Learning service",
        description=DESCRIPTION,
        version="1",
        contact=CONTACT,
        license_info=LICENSE,
        servers=SERVERS,
        openapi_tags=tags(),
        generate_unique_id_function=operation_id,
        lifespan=lifespan,
        docs_url=None,
        openapi_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # We have our own log and metrics; asking each request whether others are installed takes 4 % of `verify`.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    for module in ROUTERS:
        app.include_router(module.router)
    install_problem_handlers(app)
    install_reference(app, page=settings.reference_enabled)
    if settings.web_enabled:
        install_web_app(app, settings)
    app.router.default = SlashRedirect(app)
    app.add_middleware(Lookup, of=app)
    app.add_middleware(HotPaths, paths=HOT_PATHS)
    app.add_middleware(ConcurrencyLimit, settings=settings)
    if settings.cors_origins:
        _let_in(app, settings.cors_origins)
    app.add_middleware(Compressed)
    if settings.otel_exporter_otlp_endpoint is not None:
        app.add_middleware(Traced)
    app.add_middleware(RequestLog)
    return app


def _let_in(app: FastAPI, origins: list[str]) -> None:
    """Pages of these origins may call."""
    app.add_middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "If-Match", "Idempotency-Key"],
        expose_headers=["Data-As-Of", "ETag", "Idempotency-Replayed", "Retry-After", "X-Request-Id"],
    )
