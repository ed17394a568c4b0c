"""The page System and the metrics: what is not well says what to do; where all is well, there is nothing to do."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from services.notifications.queries.figures import figures as notifications_figures
from services.referrals.queries.figures import figures as referrals_figures
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.events import operations
from shared.messaging.consume import Consumer
from shared.messaging.figures import of_workers
from shared.messaging.state import State, say_state
from shared.migrations import SERVICES
from shared.observability.figures import Figure, exposition
from shared.settings import ServiceSettings
from shared.web import create_app
from tests.shared.test_brake import POLICY, garbage
from tests.shared.test_consume import noting_handlers
from tests.shared.test_parked import OFFICE, park
from tests.shared.test_worker import say
from tests.support.builders import a_school
from tests.support.clients import Client, client_for
from tests.support.events import a_record, outbox

WELL = State(consuming=True, kafka=True)


@pytest.fixture
def app(db_core: Database, data_dir: Path) -> FastAPI:
    settings = ServiceSettings(service="people", data_dir=data_dir, database_url=db_core.dsn)
    made = create_app(service="people", settings=settings, routers=[])
    made.state.db = db_core
    return made


async def works(db: Database, state: State = WELL, **before: float) -> None:
    """A worker says how it is, so long ago."""
    await say_state(db, new_id(), utc_now(), state, utc_now() - timedelta(**before))


async def page(app: FastAPI) -> str:
    async with client_for(app, OFFICE) as office:
        answer = await office.get("/people/system")
    assert answer.status_code == 200
    return answer.text


async def api(app: FastAPI) -> Any:
    async with client_for(app, OFFICE) as office:
        return (await office.get("/people/api/v1/system")).json()


async def test_where_all_is_well_there_is_nothing_to_do(db_core: Database, app: FastAPI) -> None:
    await works(db_core)

    assert "All is well" in await page(app)
    assert (await api(app))["well"] is True


async def test_without_a_worker_the_page_says_how_to_start_one(db_core: Database, app: FastAPI) -> None:
    await works(db_core, minutes=1)

    shown = await page(app)

    assert "Workers that run: 0." in shown
    assert "crosswalk serve people worker" in shown


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State(consuming=True, kafka=False), "Start the broker"),
        (State(consuming=True, kafka=True, still_for=31, stalled=True), "It is made anew by itself"),
        (State(consuming=True, kafka=True, restarts={"relay": 30}), "part_failed"),
    ],
)
async def test_what_a_worker_says_is_wrong_comes_with_what_to_do(
    db_core: Database, app: FastAPI, state: State, words: str
) -> None:
    await works(db_core, state)

    assert words in await page(app)
    assert (await api(app))["well"] is False


async def test_facts_that_wait_too_long_and_parked_events_are_pointed_out(db_core: Database, app: FastAPI) -> None:
    await works(db_core)
    await say(db_core, a_school())
    async with db_core.transaction() as session:
        await session.execute(text("UPDATE outbox SET created_at = created_at - interval '2 minutes'"))
    await park(db_core, a_record(a_school(name="Bad")))

    shown = await page(app)

    assert "Age of the oldest of them" in shown
    assert "Parked events that wait for a person: 1." in shown
    assert 'href="/people/system/parked"' in shown


async def test_a_held_topic_is_shown_and_a_person_lets_it_go_on_on_the_record(db_core: Database, app: FastAPI) -> None:
    await works(db_core)
    await Consumer(db_core, noting_handlers(), policy=POLICY).take([garbage(n) for n in range(20)])

    shown = await page(app)
    async with client_for(app, OFFICE) as office:
        done = await office.post("/people/system/held/people.schools.v1/go-on")
        again = await office.post("/people/system/held/people.schools.v1/go-on")

    assert "people.schools.v1 is held" in shown
    assert (done.status_code, again.status_code) == (303, 409)
    async with db_core.transaction() as session:
        (fact,) = await outbox(session)
    assert isinstance(fact, operations.BrakeReleased)
    assert (fact.held, fact.offset, fact.reason) == ("people people.schools.v1", 9, "unreadable")


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> tuple[str, Client]:
    return request.param, request.getfixturevalue(f"client_{request.param}")


@pytest.mark.parametrize("path", ["system", "system/parked", "api/v1/system", "api/v1/parked"])
async def test_every_service_shows_how_it_does(service: tuple[str, Client], path: str) -> None:
    name, client = service

    async with client(OFFICE) as office:
        answer = await office.get(f"/{name}/{path}")

    assert answer.status_code == 200


async def test_the_other_services_are_asked_by_the_browser(db_core: Database, app: FastAPI) -> None:
    shown = await page(app)

    assert 'data-from="/referrals/system"' in shown
    assert 'data-from="/people/system"' not in shown


def test_figures_are_metrics_that_prometheus_reads() -> None:
    figures = [
        Figure("deliveries", 3, "E-mails", labels={"state": "sent"}),
        Figure("deliveries", 1, "E-mails", labels={"state": "failed"}),
        *of_workers([State(kafka=True, restarts={"relay": 2}), State(kafka=True, restarts={"relay": 1})], "people"),
    ]

    said = exposition("people", figures).decode()

    assert 'crosswalk_deliveries{service="people",state="sent"} 3.0' in said
    assert 'crosswalk_part_restarts_total{part="relay",service="people"} 3.0' in said
    assert said.count("# TYPE crosswalk_deliveries gauge") == 1
    assert "process_resident_memory_bytes" in said


async def test_only_the_district_office_sees_how_the_system_does(app: FastAPI) -> None:
    async with client_for(app, None) as stranger:
        answers: list[httpx.Response] = [
            await stranger.get(path) for path in ("/people/api/v1/system", "/people/api/v1/parked")
        ]

    assert {answer.status_code for answer in answers} == {401}


async def test_reminders_and_mails_that_are_late_are_pointed_out(
    db_referrals: Database, db_notifications: Database
) -> None:
    now = utc_now()
    async with db_referrals.transaction() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(
            text("INSERT INTO reminder (thing_id, kind, due_at, referral_id) VALUES (:id, 'answer_due', :due, :id)"),
            {"id": new_id(), "due": now - timedelta(minutes=2)},
        )
        (reminders,) = [one for one in await referrals_figures(session, now) if one.metric == "reminders_late"]
    async with db_notifications.transaction() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(
            text("INSERT INTO delivery (id, message_id, channel, status, attempts, queued_at, next_at)"
                 " VALUES (:id, :id, 'email', 'queued', 0, :due, :due)"),
            {"id": new_id(), "due": now - timedelta(minutes=3)},
        )  # fmt: skip
        mails = await notifications_figures(session, now)

    assert (reminders.value, reminders.well) == (1, False)
    assert [(figure.value, figure.well) for figure in mails if figure.metric == "deliveries_late"] == [(1, False)]
    assert [figure.value for figure in mails if figure.labels.get("state") == "queued"] == [1]
