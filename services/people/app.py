"""The people service's pages and API; also the front page and sign-in of the whole."""

from fastapi import FastAPI

from services.people import api, pages
from services.people.provider import Provider
from services.people.settings import Settings
from shared.web import create_app as create_web_app


def create_app(settings: Settings | None = None) -> FastAPI:
    """The web application."""
    settings, routers = settings or Settings(), [*pages.routers, api.router]
    app = create_web_app(service="people", settings=settings, routers=routers)
    app.state.provider = Provider(settings) if settings.oidc_issuer else None
    return app
