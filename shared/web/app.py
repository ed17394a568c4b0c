"""The web composition root that every service uses."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from shared.db import Database
from shared.settings import ServiceSettings
from shared.web import health
from shared.web.errors import add_error_pages
from shared.web.guard import Guard
from shared.web.render import STATIC


class Assets(StaticFiles):
    """Static files; their address carries a digest, so that browsers may keep them for a year."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, with how long it may be kept."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def create_app(*, service: str, settings: ServiceSettings, routers: Sequence[APIRouter]) -> FastAPI:
    """A service's web app: its routes, error pages, guards, health and static files."""
    # Who may call (shared.identity) builds on this package, so what asks for it comes later.
    from shared.web import contracts

    db = Database(settings.dsn, notify=settings.notify)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await db.close()

    app = FastAPI(
        title=f"Crosswalk {service}",
        version="1",
        lifespan=lifespan,
        openapi_url=f"/{service}/openapi.json",
        docs_url=None,
        redoc_url=None,
        middleware=[Middleware(Guard, https=settings.public_url.startswith("https:"))],
    )
    app.state.db, app.state.settings, app.state.service = db, settings, service
    add_error_pages(app)
    for router in (contracts.router(service), *routers, health.router):
        app.include_router(router)
    app.mount("/static", Assets(directory=STATIC), name="static")
    return app
