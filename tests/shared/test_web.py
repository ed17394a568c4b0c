"""The frame of every service's web app: commits, refusals, forged forms, health."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter, FastAPI
from sqlalchemy import insert, text

from shared.clock import new_id, utc_now
from shared.db import Database
from shared.events.vocabulary import RoleName
from shared.identity import Anyone, District, SignedIn
from shared.identity.actor import Actor
from shared.messaging.tables import revoked_sessions
from shared.refusals import Kind, Refusal
from shared.settings import ServiceSettings
from shared.web import Page, Transaction, create_app
from tests.support.builders import an_actor
from tests.support.clients import client_for

router = APIRouter()


@router.post("/tests/write")
async def write(session: Transaction, actor: Anyone) -> dict[str, str]:
    await session.execute(text("INSERT INTO effects (what) VALUES ('written')"))
    return {"said": "done"}


@router.post("/tests/fail-at-commit")
async def fail_at_commit(session: Transaction, actor: Anyone) -> dict[str, str]:
    await session.execute(text("CREATE TEMP TABLE late (n int UNIQUE DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP"))
    await session.execute(text("INSERT INTO late VALUES (1), (1)"))
    return {"said": "done"}


@router.post("/tests/refuse")
async def refuse(session: Transaction, actor: Anyone) -> None:
    await session.execute(text("INSERT INTO effects (what) VALUES ('half done')"))
    raise Refusal(Kind.CONFLICT, "already_answered", "Somebody has answered already.", fields={"answer": "too late"})


@router.get("/tests/mine")
async def mine(actor: SignedIn, paging: Page) -> dict[str, str]:
    return {"who": actor.name, "from": str(paging.offset)}


@router.get("/tests/district")
async def district(actor: District) -> dict[str, str]:
    return {"who": actor.name}


@pytest_asyncio.fixture(loop_scope="session")
async def app(db_core: Database, data_dir: Path) -> AsyncIterator[FastAPI]:
    settings = ServiceSettings(service="people", data_dir=data_dir, database_url=db_core.dsn)
    made = create_app(service="people", settings=settings, routers=[router])
    made.state.db = db_core
    yield made


def client(app: FastAPI, actor: Actor | None = None) -> httpx.AsyncClient:
    return client_for(app, actor)


async def written(db: Database) -> list[str]:
    async with db.transaction() as session:
        return list((await session.execute(text("SELECT what FROM effects"))).scalars())


async def test_what_a_route_did_is_committed_before_it_answers(app: FastAPI, db_core: Database) -> None:
    answer = await client(app).post("/tests/write")

    assert (answer.status_code, await written(db_core)) == (200, ["written"])


async def test_a_commit_that_fails_is_never_answered_with_success(app: FastAPI) -> None:
    answer = await client(app).post("/tests/fail-at-commit")

    assert answer.status_code == 500


async def test_a_refusal_rolls_back_and_says_what_to_do(app: FastAPI, db_core: Database) -> None:
    answer = await client(app).post("/tests/refuse", headers={"accept": "application/json"})

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["code"], body["detail"], body["fields"]) == (
        "already_answered",
        "Somebody has answered already.",
        {"answer": "too late"},
    )
    assert await written(db_core) == []


async def test_a_refusal_is_a_page_for_a_person(app: FastAPI) -> None:
    answer = await client(app).post("/tests/refuse")

    assert answer.status_code == 409
    assert "Somebody has answered already." in answer.text
    assert "<h1>" in answer.text


async def test_who_is_not_signed_in_is_sent_to_sign_in_and_comes_back(app: FastAPI) -> None:
    answer = await client(app).get("/tests/mine?page=2")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Ftests%2Fmine%3Fpage%3D2"


async def test_what_goes_wrong_is_told_to_families_in_their_language_and_to_staff_in_english(app: FastAPI) -> None:
    guardian = an_actor(RoleName.GUARDIAN, new_id(), language="es")
    both = an_actor(RoleName.SCHOOL_STAFF, new_id(), language="es")

    answers = [await client(app, actor).get("/tests/district") for actor in (guardian, both)]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert ['lang="es"' in answer.text for answer in answers] == [True, False]
    assert ["You cannot do this" in answer.text for answer in answers] == [False, True]


async def test_a_role_that_is_missing_is_refused(app: FastAPI) -> None:
    staff = an_actor(RoleName.SCHOOL_STAFF, new_id())

    assert (await client(app, staff).get("/tests/district")).status_code == 403
    assert (await client(app, an_actor(RoleName.DISTRICT_OFFICE)).get("/tests/district")).status_code == 200


async def test_a_session_that_was_ended_lets_nobody_in(app: FastAPI, db_core: Database) -> None:
    actor = an_actor()
    caller = client(app, actor)
    before = await caller.get("/tests/mine")

    async with db_core.transaction() as session:
        row = {"session_id": actor.session_id, "expires_at": utc_now() + timedelta(hours=1)}
        await session.execute(insert(revoked_sessions).values(row))
    after = await caller.get("/tests/mine")

    assert (before.status_code, after.status_code) == (200, 303)


@pytest.mark.parametrize("cookie", [{"cookie": "crosswalk_session=x"}, {}])
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_form_sent_from_another_site_is_not_taken(
    app: FastAPI, db_core: Database, site: str, cookie: dict[str, str]
) -> None:
    headers = {"sec-fetch-site": site} | cookie

    answer = await client(app).post("/tests/write", headers=headers)

    assert (answer.status_code, await written(db_core)) == (403, [])


@pytest.mark.parametrize("cookie", [{"cookie": "crosswalk_session=x"}, {}])
async def test_an_old_browsers_forged_form_is_known_by_its_origin(app: FastAPI, cookie: dict[str, str]) -> None:
    headers = {"origin": "https://evil.example"} | cookie

    assert (await client(app).post("/tests/write", headers=headers)).status_code == 403
    headers["origin"] = "http://127.0.0.1:8000"
    assert (await client(app).post("/tests/write", headers=headers)).status_code == 200


async def test_answers_forbid_scripts_from_elsewhere_and_shared_caches(app: FastAPI) -> None:
    answer = await client(app).get("/tests/district")

    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


async def test_a_page_number_that_is_none_is_explained(app: FastAPI) -> None:
    answer = await client(app, an_actor()).get("/tests/mine?page=0", headers={"accept": "application/json"})

    assert answer.status_code == 422
    assert "page" in answer.json()["fields"]


async def test_while_the_database_is_away_the_answer_is_503_and_alive_stays_alive(
    data_dir: Path, unused_tcp_port: int
) -> None:
    gone = f"postgresql://postgres@127.0.0.1:{unused_tcp_port}/people"
    settings = ServiceSettings(service="people", data_dir=data_dir, database_url=gone)
    caller = client(create_app(service="people", settings=settings, routers=[router]))

    answer = await caller.post("/tests/write", headers={"accept": "application/json"})

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert (await caller.get("/livez")).status_code == 200
    assert (await caller.get("/readyz")).status_code == 503
