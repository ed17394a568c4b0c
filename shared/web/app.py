"""The web composition root that every service uses."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from shared.db import Database
from shared.messaging.supervise import within
from shared.settings import ServiceSettings
from shared.web import health
from shared.web.errors import add_error_pages
from shared.web.guard import Guard, only_by_tls
from shared.web.render import STATIC

if TYPE_CHECKING:
    from shared.messaging.figures import More


PATIENCE = 15.0
"""Seconds for a statement that somebody waits for: nothing else tells a line that fell silent from a slow one."""


class Assets(StaticFiles):
    """Static files; their address carries a digest, so that browsers may keep them for a year."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, with how long it may be kept."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def create_app(
    *, service: str, settings: ServiceSettings, routers: Sequence[APIRouter], figures: "More | None" = None
) -> FastAPI:
    """A service's web app: its routes, error pages, guards, health and static files; `figures` are its own ones."""
    # Who may call (shared.identity) builds on this package, so what asks for it comes later.
    from shared.web import contracts, parked, parked_api, system

    db = Database(settings.dsn, notify=settings.notify, patience=PATIENCE)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await within(2, db.close(), "database pool")

    app = FastAPI(
        title=f"Crosswalk {service}",
        version="1",
        lifespan=lifespan,
        openapi_url=f"/{service}/openapi.json",
        docs_url=None,
        redoc_url=None,
        middleware=[Middleware(Guard, https=only_by_tls(settings.public_url))],
    )
    app.state.db, app.state.settings, app.state.service = db, settings, service
    app.state.figures, app.state.database_check = figures, health.DatabaseCheck(db)
    add_error_pages(app)
    # First, since a service may have `/<service>/{anything}`.
    for router in (system.router, system.api, parked.router, parked_api.router):
        app.include_router(router, prefix=f"/{service}")
    for router in (contracts.router(service), *routers, health.router):
        app.include_router(router)
    app.mount("/static", Assets(directory=STATIC), name="static")
    return app
