"""Who may call is in every route's signature."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from shared.identity.access import Allow, AllowAnyone
from shared.migrations import SERVICES
from tests.support.clients import app_of

WITHOUT = {"/livez", "/readyz"}
"""Health: asked by machines that cannot sign in, and it tells nothing."""

OPEN = {
    "people": {"/", "/sign-in", "/sign-out"},
    "agreements": {"/agreements/programs"},
    "referrals": {"/referrals/by-link"},
    "notifications": set(),
    "audit": set(),
}
"""What people may reach who are not signed in; a new entry here is a decision."""


def access_named_by(dependant: Dependant) -> list[Allow | AllowAnyone]:
    found = [d.call for d in dependant.dependencies if isinstance(d.call, Allow | AllowAnyone)]
    return found + [access for d in dependant.dependencies for access in access_named_by(d)]


def routes(app: FastAPI) -> list[APIRoute]:
    return [route for route in app.routes if isinstance(route, APIRoute)]


@pytest.fixture(params=SERVICES)
def app(request: pytest.FixtureRequest, postgres: str, data_dir: Path) -> FastAPI:
    return app_of(request.param, postgres, data_dir)


def test_every_route_says_who_may_call_it(app: FastAPI) -> None:
    silent = [
        f"{sorted(route.methods or ())} {route.path}"
        for route in routes(app)
        if route.path not in WITHOUT and len(access_named_by(route.dependant)) != 1
    ]

    assert routes(app)
    assert silent == []


def test_only_what_was_decided_is_open_to_everyone(app: FastAPI) -> None:
    service = app.state.service
    allowed = OPEN[service] | {f"/{service}/api/v1{path.removeprefix(f'/{service}')}" for path in OPEN[service]}
    surprising = [
        route.path
        for route in routes(app)
        if any(isinstance(access, AllowAnyone) for access in access_named_by(route.dependant))
        and not any(route.path == path or route.path.startswith(f"{path}/") for path in allowed)
    ]

    assert surprising == []


def test_pages_and_api_stay_under_the_services_own_address(app: FastAPI) -> None:
    service = app.state.service
    foreign = [
        route.path
        for route in routes(app)
        if service != "people" and route.path not in WITHOUT and not route.path.startswith(f"/{service}")
    ]

    assert foreign == []


def test_every_api_route_is_described(app: FastAPI) -> None:
    described = app.openapi()["paths"]
    undescribed = [r.path for r in routes(app) if "/api/v1" in r.path and r.path not in described]
    wordless = [
        f"{method} {path}"
        for path, operations in described.items()
        for method, operation in operations.items()
        if not operation.get("description") and not operation.get("summary")
    ]

    assert (undescribed, wordless) == ([], [])
