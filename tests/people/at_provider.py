"""What tests of the district's own sign-in share: an app that knows the provider, and a browser that goes there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlmodel import select

from services.people.app import create_app
from services.people.models import Session
from services.people.provider import Provider
from services.people.settings import Settings
from shared.db import Database
from shared.events.base import Fact
from tests.people.persons import a_stored_person
from tests.people.test_pages import browser
from tests.support.clients import client_for
from tests.support.databases import settings_of
from tests.support.events import outbox
from tests.support.provider import CLIENT_ID, CLIENT_SECRET, RunningProvider

Claims = dict[str, Any]
Make = Callable[..., "District"]


@pytest.fixture
def make(provider: RunningProvider, db_people: Database, postgres: str, data_dir: Path) -> Make:
    """A Crosswalk with these settings."""
    return lambda **changes: District(provider, db_people, postgres, data_dir, **changes)


@pytest_asyncio.fixture(loop_scope="session")
async def district(make: Make) -> "District":
    """A Crosswalk that maps no claim, and Dana of the district office."""
    made = make()
    await a_stored_person(made.db)
    return made


_apps: list[FastAPI] = []


def _app(settings: Settings) -> FastAPI:
    """One app for all: to make it takes longer than most tests."""
    if not _apps:
        _apps.append(create_app(settings))
    return _apps[0]


class District:
    """A Crosswalk whose staff sign in with the provider."""

    def __init__(self, provider: RunningProvider, db: Database, postgres: str, data_dir: Path, **changes: Any) -> None:
        given = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT_ID, "oidc_client_secret": CLIENT_SECRET}
        settings = settings_of("people", postgres, data_dir, oidc_name="Example Schools", **(given | changes))
        assert isinstance(settings, Settings)
        self.provider, self.db = provider, db
        self.app = _app(settings)
        self.app.state.db, self.app.state.settings, self.app.state.provider = db, settings, Provider(settings)

    def visitor(self) -> "Visitor":
        """Somebody with a browser of their own."""
        return Visitor(self)

    async def facts(self) -> list[Fact]:
        """What was said so far."""
        async with self.db.transaction() as session:
            return await outbox(session)

    async def sessions(self) -> list[Session]:
        """Who is signed in, and was."""
        async with self.db.transaction() as session:
            return list((await session.exec(select(Session).order_by(Session.started_at))).all())  # type: ignore[arg-type]


class Visitor:
    """A browser: what it does here, and what it does at the provider."""

    def __init__(self, district: District) -> None:
        self.district = district
        self.here = browser(client_for(district.app, None))
        self.there = httpx.AsyncClient()

    async def way_in(self, way_on: str = "/") -> str:
        """Press the button; the address at the provider."""
        answer = await self.here.get("/sign-in/provider", params={"next": way_on})
        return answer.headers["location"]

    async def answer(self, account: str, way_on: str = "/") -> str:
        """Sign in there; the address here with the provider's answer."""
        return await self.district.provider.sign_in(await self.way_in(way_on), account, self.there)

    async def sign_in(self, account: str, way_on: str = "/") -> httpx.Response:
        """All of it; what the last page here says."""
        return await self.here.get(await self.answer(account, way_on))

    async def is_in(self) -> bool:
        """Whether pages for people who are signed in open."""
        return (await self.here.get("/people/me")).status_code == 200


def claim(**changes: Any) -> Callable[[Claims], Claims]:
    """Claims with these ones; those that are None are left out."""
    return lambda claims: {name: value for name, value in (claims | changes).items() if value is not None}


def resigned(key: RSAKey, change: Callable[[Claims], Claims], **header: Any) -> Callable[[Claims], Claims]:
    """What the provider's token endpoint answers, with other claims in an ID token that the key signed all the same."""

    def changed(tokens: Claims) -> Claims:
        claims = jwt.decode(tokens["id_token"], key, algorithms=["RS256"]).claims
        made = jwt.encode({"alg": "RS256", "kid": "first"} | header, change(dict(claims)), key)
        return tokens | {"id_token": made}

    return changed
