"""The notifications service's pages and API."""

from fastapi import FastAPI

from services.notifications import api, pages
from services.notifications.queries.figures import figures
from services.notifications.settings import Settings
from shared.web import create_app as create_web_app


def create_app(settings: Settings | None = None) -> FastAPI:
    """The web application for messages."""
    return create_web_app(
        service="notifications", settings=settings or Settings(), routers=[api.router, pages.router], figures=figures
    )
