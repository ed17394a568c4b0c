"""Callers of a service's routes, signed in as whom the test needs."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared.clock import utc_now
from shared.identity.actor import Actor
from shared.identity.tokens import issue_token
from tests.support.databases import settings_of

__all__ = ["client_agreements", "client_audit", "client_notifications", "client_people", "client_referrals"]

Client = Callable[[Actor | None], httpx.AsyncClient]
"""Gives a client for an actor, or for somebody not signed in."""

_apps: dict[str, FastAPI] = {}


def app_of(service: str, postgres: str, data_dir: Path) -> FastAPI:
    """The service's web app, made once."""
    if service not in _apps:
        _apps[service] = import_module(f"services.{service}.app").create_app(settings_of(service, postgres, data_dir))
    return _apps[service]


def client_for(app: FastAPI, actor: Actor | None) -> httpx.AsyncClient:
    """A client that asks for pages (paths under /api/ answer JSON anyway) and does not follow redirects."""
    headers = {"accept": "text/html"}
    if actor is not None:
        now = utc_now()
        token = issue_token(app.state.settings, actor, now=now, expires_at=now + timedelta(hours=1))
        headers["authorization"] = f"Bearer {token}"
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=headers)


def _client_fixture(service: str) -> Any:
    # Not async itself: only so may it ask for another fixture by a name that is not in its signature.
    @pytest.fixture(name=f"client_{service}")
    def client(postgres: str, data_dir: Path, request: pytest.FixtureRequest) -> Client:
        app = app_of(service, postgres, data_dir)
        app.state.db = request.getfixturevalue(f"db_{service}")
        return lambda actor: client_for(app, actor)

    return client


client_people = _client_fixture("people")
client_agreements = _client_fixture("agreements")
client_referrals = _client_fixture("referrals")
client_notifications = _client_fixture("notifications")
client_audit = _client_fixture("audit")
