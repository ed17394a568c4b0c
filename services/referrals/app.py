"""The web composition root."""

from fastapi import FastAPI

from services.referrals import api, pages
from services.referrals.queries.figures import figures
from services.referrals.settings import Settings
from shared.web import create_app as web_app


def create_app(settings: Settings | None = None) -> FastAPI:
    """The referrals service's pages and JSON API."""
    routers = [api.router, *pages.routers]
    return web_app(service="referrals", settings=settings or Settings(), routers=routers, figures=figures)
