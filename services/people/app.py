"""The people service's pages and API; also the front page and sign-in of the whole."""

from fastapi import FastAPI

from services.people import api, pages
from services.people.settings import Settings
from shared.web import create_app as create_web_app


def create_app(settings: Settings | None = None) -> FastAPI:
    """The web application."""
    routers = [*pages.routers, api.router]
    return create_web_app(service="people", settings=settings or Settings(), routers=routers)
