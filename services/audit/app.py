"""The audit service's pages and API."""

from fastapi import FastAPI

from services.audit import api, pages
from services.audit.settings import Settings
from shared.web import create_app as create_web_app


def create_app(settings: Settings | None = None) -> FastAPI:
    """The web application of the log."""
    return create_web_app(service="audit", settings=settings or Settings(), routers=[api.router, pages.router])
