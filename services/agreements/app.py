"""The agreements service's pages and API."""

from fastapi import FastAPI

from services.agreements import api, pages
from services.agreements.settings import Settings
from shared.web import create_app as create_web_app


def create_app(settings: Settings | None = None) -> FastAPI:
    """The web application of partners and programs."""
    routers = [*api.routers, *pages.routers]
    return create_web_app(service="agreements", settings=settings or Settings(), routers=routers)
