"""Who may call is in every route's signature."""

from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from shared.identity.access import Allow, AllowAnyone
from shared.migrations import SERVICES
from tests.support.clients import app_of

WITHOUT = {"/livez", "/readyz"}
"""Health: asked by machines that cannot sign in, and it tells nothing."""

OPEN = {
    "people": {"/", "/sign-in*", "/sign-out", "/people/api/v1/sign-in*", "/register", "/people/api/v1/register"},
    "agreements": {
        "/agreements",
        "/agreements/programs*",
        "/agreements/api/v1/programs*",
        "/agreements/schools/*",
        "/agreements/hsds*",
        "/agreements/api/v1/schools*",
        "/agreements/api/v1/neighborhoods",
        # Whoever has the secret, or the link that was mailed.
        "/agreements/calendar/{secret}.ics",
        "/agreements/meetings/by-link/{token}",
        "/agreements/api/v1/meetings/by-link/{token}*",
    },
    "referrals": {"/referrals/by-link*", "/referrals/api/v1/by-link*"},
    "notifications": set(),
    "audit": set(),
}
"""What people may reach who are not signed in; a new entry here is a decision."""

CONTRACTS = "/{service}/asyncapi*"
"""What events there are is as open as what the API is; it tells nothing of anybody."""


def access_named_by(dependant: Dependant) -> list[Allow | AllowAnyone]:
    found = [d.call for d in dependant.dependencies if isinstance(d.call, Allow | AllowAnyone)]
    return found + [access for d in dependant.dependencies for access in access_named_by(d)]


class Route(NamedTuple):
    path: str
    methods: frozenset[str]
    dependant: Dependant


def routes(app: FastAPI) -> list[Route]:
    return [route for context in iter_route_contexts(app.routes) if (route := _api_route(context))]


def _api_route(context: RouteContext) -> Route | None:
    original = context.original_route
    if not isinstance(original, APIRoute):
        return None
    return Route(str(context.path), frozenset(context.methods or ()), original.dependant)


@pytest.fixture(params=SERVICES)
def app(request: pytest.FixtureRequest, postgres: str, data_dir: Path) -> FastAPI:
    return app_of(request.param, postgres, data_dir)


def test_every_route_says_who_may_call_it(app: FastAPI) -> None:
    silent = [
        f"{sorted(route.methods)} {route.path}"
        for route in routes(app)
        if route.path not in WITHOUT and len(access_named_by(route.dependant)) != 1
    ]

    assert routes(app)
    assert silent == []


def test_only_what_was_decided_is_open_to_everyone(app: FastAPI) -> None:
    allowed = {*OPEN[app.state.service], CONTRACTS.format(service=app.state.service)}
    surprising = [
        route.path
        for route in routes(app)
        if any(isinstance(access, AllowAnyone) for access in access_named_by(route.dependant))
        and not any(fnmatchcase(route.path, pattern) for pattern in allowed)
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
        if not operation.get("description")
    ]

    assert (undescribed, wordless) == ([], [])
