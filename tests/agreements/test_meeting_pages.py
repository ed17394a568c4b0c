"""Pages and API about meetings: who sees what, and that a form comes back with what was entered."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from icalendar import Calendar
from sqlmodel import select

from services.agreements import commands
from services.agreements.models import Invitee, Occurrence, Person
from services.agreements.rules import Answer
from services.agreements.rules.vetting import PartnerStatus
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.identity import sign_link
from shared.identity.actor import Actor
from tests.agreements.meeting_support import BOSTON, Partnership, a_meeting, a_partnership, dates_of, entry_of
from tests.agreements.support import an_organization
from tests.support.clients import Client
from tests.support.databases import settings_of

API = "/agreements/api/v1"
SOON = utc_now().astimezone(BOSTON) + timedelta(days=10)
DAY = f"{SOON:%Y-%m-%d}"


@pytest_asyncio.fixture(loop_scope="session")
async def people(db_agreements: Database) -> Partnership:
    async with db_agreements.transaction() as session:
        return await a_partnership(session)


async def meet(db: Database, people: Partnership, **changes: Any) -> UUID:
    async with db.transaction() as session:
        return (await a_meeting(session, people, now=utc_now(), **({"date": DAY} | changes))).id


def form(people: Partnership, **changes: Any) -> dict[str, Any]:
    return entry_of(people, date=DAY, **changes).model_dump() | {"id": str(new_id()), "version": "1"}


def heading(answer: httpx.Response) -> str:
    (found,) = re.findall(r"<h1>(.*?)</h1>", answer.text)
    return re.sub("<.*?>", "", found)


async def test_an_empty_list_says_what_to_do(people: Partnership, client_agreements: Client) -> None:
    page = await client_agreements(people.dana).get("/agreements/meetings")

    assert "No meeting is planned" in page.text
    assert "/agreements/meetings/new" in page.text


async def test_a_meeting_is_scheduled_on_a_page_and_everybody_invited_finds_it(
    people: Partnership, client_agreements: Client
) -> None:
    sent = await client_agreements(people.dana).post("/agreements/meetings", data=form(people))
    page = await client_agreements(people.rosa).get(sent.headers["location"])
    listed = await client_agreements(people.rosa).get("/agreements/meetings?mine=true")

    assert sent.status_code == 303
    assert heading(page) == "How the fall goes"
    assert "Waits for your answer" in page.text
    assert "3:30 pm to 4:15 pm E".replace(" pm", "\u00a0pm") in page.text
    assert "How the fall goes" in listed.text


async def test_looking_for_people_keeps_what_was_entered(people: Partnership, client_agreements: Client) -> None:
    typed = form(people, title="About the room") | {"do": "find", "find": "omar"}

    page = await client_agreements(people.dana).post("/agreements/meetings", data=typed)

    assert page.status_code == 200
    assert "About the room" in page.text
    assert re.search(rf'value="{people.omar.person_id}"', page.text)
    assert re.search(rf'value="{people.rosa.person_id}" checked', page.text)


async def test_a_wrong_form_comes_back_with_what_is_wrong(people: Partnership, client_agreements: Client) -> None:
    typed = form(people, title="", time="25 o'clock", place="", minutes="x", link="ftp://x", zone="Moon/Sea")

    page = await client_agreements(people.dana).post("/agreements/meetings", data=typed)

    assert page.status_code == 422
    for name in ("title", "time", "link", "minutes", "zone"):
        assert f'href="#{name}"' in page.text


async def test_partners_that_are_not_approved_are_offered_to_the_district_alone(
    db_agreements: Database, people: Partnership, client_agreements: Client
) -> None:
    async with db_agreements.transaction() as session:
        new = await an_organization(session, "Not Yet Approved")
        new.status = PartnerStatus.REGISTERING
    meeting_id = await meet(db_agreements, people, by=people.omar, organization_id=str(new.id))
    dana, omar = client_agreements(people.dana), client_agreements(people.omar)

    pages = [(await client.get("/agreements/meetings/new")).text for client in (dana, omar)]
    refused = await dana.post("/agreements/meetings", data=form(people) | {"organization_id": str(new.id)})
    kept = await dana.post(f"/agreements/meetings/{meeting_id}", data=form(people) | {"organization_id": str(new.id)})
    edit = (await dana.get(f"/agreements/meetings/{meeting_id}/edit")).text

    assert [new.name in page for page in pages] == [False, True]
    assert "There is no such partner" in refused.text
    assert kept.status_code == 303
    assert f'<option value="{new.id}" selected>' in edit


@pytest.mark.parametrize("path", ["", "/edit", "/invitation.ics"])
async def test_a_meeting_of_others_is_not_there(
    db_agreements: Database, people: Partnership, client_agreements: Client, path: str
) -> None:
    meeting_id = await meet(db_agreements, people)

    stranger = await client_agreements(people.ivy).get(f"/agreements/meetings/{meeting_id}{path}")
    listed = await client_agreements(people.ivy).get("/agreements/meetings?when=all")

    assert stranger.status_code == 404
    assert str(meeting_id) not in listed.text


async def test_who_is_only_invited_reads_and_answers_and_cannot_change(
    db_agreements: Database, people: Partnership, client_agreements: Client
) -> None:
    meeting_id = await meet(db_agreements, people, person_ids=[str(people.ivy.person_id)])
    ivy = client_agreements(people.ivy)

    page = await ivy.get(f"/agreements/meetings/{meeting_id}")
    answered = await ivy.post(f"/agreements/meetings/{meeting_id}/answer", data={"answer": "no"})
    changed = await ivy.post(f"/agreements/meetings/{meeting_id}", data=form(people))

    assert "Change the meeting" not in page.text
    assert (answered.status_code, changed.status_code) == (303, 404)
    async with db_agreements.transaction() as session:
        kept = await session.get(Invitee, (meeting_id, people.ivy.person_id))
    assert kept is not None
    assert kept.answer is Answer.NO


async def test_a_meeting_is_moved_on_its_page_and_a_time_that_is_past_is_refused(
    db_agreements: Database, people: Partnership, client_agreements: Client
) -> None:
    meeting_id = await meet(db_agreements, people)
    dana = client_agreements(people.dana)
    (date_id,) = re.findall(r"/dates/([0-9a-f-]{36})/move", (await dana.get(f"/agreements/meetings/{meeting_id}")).text)
    path = f"/agreements/meetings/{meeting_id}/dates/{date_id}/move"

    past = await dana.post(path, data={"version": 1, "day": "2020-01-01", "hour": "10:00"})
    moved = await dana.post(path, data={"version": 1, "day": DAY, "hour": "10:00"})
    page = await dana.get(moved.headers["location"])

    assert past.status_code == 422
    assert "This is past" in past.text
    assert "10:00\u00a0am to 10:45\u00a0am" in page.text


async def test_minutes_and_tasks_are_kept_on_pages(
    db_agreements: Database, people: Partnership, client_agreements: Client
) -> None:
    meeting_id = await meet(db_agreements, people)
    async with db_agreements.transaction() as session:
        date = (await session.exec(select(Occurrence).where(Occurrence.meeting_id == meeting_id))).one()
        date.starts_at, date.ends_at = utc_now() - timedelta(hours=2), utc_now() - timedelta(hours=1)
        date_id = date.id
    dana, rosa = client_agreements(people.dana), client_agreements(people.rosa)
    path = f"/agreements/meetings/{meeting_id}"

    empty = await dana.post(f"{path}/dates/{date_id}/minutes", data={"version": 1, "minutes": " "})
    there = [str(people.rosa.person_id)]
    await dana.post(f"{path}/dates/{date_id}/minutes", data={"version": 1, "minutes": "Good.", "attended_ids": there})
    vague = await dana.post(f"{path}/tasks", data={"id": str(new_id()), "what": "", "on": "soon"})
    task = {"id": str(new_id()), "what": "Order chairs", "on": DAY, "owner_id": there[0]}
    await dana.post(f"{path}/tasks", data=task)
    mine = await rosa.get("/agreements/tasks")
    done = await rosa.post(f"/agreements/tasks/{task['id']}/finish")
    page = await rosa.get(done.headers["location"])

    assert (empty.status_code, vague.status_code) == (422, 422)
    assert "There: Rosa." in (await rosa.get(path)).text
    assert "Order chairs" in mine.text
    assert "Done. Thank you." in page.text
    assert (await client_agreements(people.ivy).get(f"/agreements/tasks/{task['id']}")).status_code == 404


async def test_the_api_does_what_the_pages_do(people: Partnership, client_agreements: Client) -> None:
    dana, rosa = client_agreements(people.dana), client_agreements(people.rosa)
    body = entry_of(people, date=DAY, repeat="weekly", until=f"{SOON + timedelta(days=30):%Y-%m-%d}").model_dump()

    made = (await dana.post(f"{API}/meetings", json=body)).json()
    path = f"{API}/meetings/{made['id']}"
    first, second, *_ = made["dates"]
    moved = await dana.post(
        f"{path}/dates/{second['id']}/move", json={"version": 1, "date": f"{SOON + timedelta(days=9):%Y-%m-%d}",
        "time": "08:00"},
    )  # fmt: skip
    answered = await rosa.post(f"{path}/answer", json={"answer": "yes"})
    off = await rosa.post(f"{path}/cancel", json={"version": 2, "date_id": first["id"], "reason": "Snow"})
    stale = await dana.put(path, json=body | {"version": 1, "title": "Another"})
    found = await dana.get(f"{API}/meetings/people", params={"q": "omar"})
    listed = await rosa.get(f"{API}/meetings", params={"mine": True})

    assert [made["version"], moved.json()["version"], off.json()["version"]] == [1, 2, 3]
    assert answered.json()["answer"] == "yes"
    assert off.json()["dates"][0]["status"] == "cancelled"
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")
    assert [one["name"] for one in found.json()] == ["Omar"]
    assert listed.json()["total"] == len(made["dates"]) - 1


# Links and calendars


def link(client: httpx.AsyncClient, settings: Any, meeting_id: UUID, who: Actor) -> str:
    assert who.person_id
    token = sign_link(
        settings, person_id=who.person_id, about_id=meeting_id, role="invited", expires_at=utc_now() + timedelta(days=1)
    )
    return f"/agreements/meetings/by-link/{token}"


async def test_a_scanner_that_opens_a_link_answers_nothing_and_a_person_answers_with_a_button(
    db_agreements: Database, people: Partnership, client_agreements: Client, postgres: str, data_dir: Any
) -> None:
    meeting_id = await meet(db_agreements, people)
    settings, anyone = settings_of("notifications", postgres, data_dir), client_agreements(None)
    path = link(anyone, settings, meeting_id, people.rosa)

    for _ in range(3):
        looked = await anyone.get(path)
    await anyone.head(path)
    before = await answer_of(db_agreements, meeting_id, people.rosa)
    said = await anyone.post(path, data={"answer": "yes"})
    after = await answer_of(db_agreements, meeting_id, people.rosa)
    stranger = await anyone.get(link(anyone, settings, meeting_id, people.omar))

    assert "How the fall goes" in looked.text
    assert "Attendance; the new room" not in looked.text
    assert (before, said.status_code, after) == (Answer.NONE, 303, Answer.YES)
    assert stranger.status_code == 404
    assert (await anyone.get(path[:-6] + "aaaaaa")).status_code == 403


async def answer_of(db: Database, meeting_id: UUID, who: Actor) -> Answer:
    async with db.transaction() as session:
        found = await session.get(Invitee, (meeting_id, who.person_id))
        assert found is not None
        return found.answer


async def test_a_calendar_is_read_by_its_secret_until_another_takes_its_place(
    db_agreements: Database, people: Partnership, client_agreements: Client
) -> None:
    await meet(db_agreements, people, repeat="weekly", until=f"{SOON + timedelta(days=30):%Y-%m-%d}")
    rosa, anyone = client_agreements(people.rosa), client_agreements(None)

    first = (await rosa.post(f"{API}/calendar")).json()["address"]
    read = await anyone.get(first)
    await rosa.post("/agreements/calendar")
    second = (await rosa.get(f"{API}/calendar")).json()["address"]
    old, new = await anyone.get(first), await anyone.get(second)
    await rosa.post("/agreements/calendar/close")
    closed = await anyone.get(second)

    (event,) = Calendar.from_ical(read.content).walk("VEVENT")
    assert (str(event["SUMMARY"]), read.headers["content-type"]) == (
        "How the fall goes",
        "text/calendar; charset=utf-8",
    )
    assert "ATTENDEE" not in event
    assert [one.status_code for one in (old, new, closed)] == [404, 200, 404]


async def test_the_calendar_of_somebody_who_left_ends(
    db_agreements: Database, people: Partnership, client_agreements: Client
) -> None:
    async with db_agreements.transaction() as session:
        secret = await commands.open_calendar(session, actor=people.rosa, now=utc_now())
        await commands.erase_person(session, people.rosa.person_id, now=utc_now())  # type: ignore[arg-type]

    assert (await client_agreements(None).get(f"/agreements/calendar/{secret}.ics")).status_code == 404


async def test_the_calendar_of_somebody_without_work_here_ends_until_they_have_some_again(
    db_agreements: Database, people: Partnership, client_agreements: Client
) -> None:
    anyone = client_agreements(None)
    async with db_agreements.transaction() as session:
        secret = await commands.open_calendar(session, actor=people.rosa, now=utc_now())

    found = []
    for organizations in ([], [people.organization_id]):
        async with db_agreements.transaction() as session:
            rosa = await session.get_one(Person, people.rosa.person_id)
            rosa.organization_ids = organizations
        found.append((await anyone.get(f"/agreements/calendar/{secret}.ics")).status_code)

    assert found == [404, 200]


async def test_a_page_of_a_series_shows_its_dates(
    db_agreements: Database, people: Partnership, client_agreements: Client
) -> None:
    meeting_id = await meet(db_agreements, people, repeat="weekly", until=f"{SOON + timedelta(days=120):%Y-%m-%d}")
    async with db_agreements.transaction() as session:
        from services.agreements.models import Meeting

        dates = await dates_of(session, await session.get_one(Meeting, meeting_id))

    page = await client_agreements(people.dana).get(f"/agreements/meetings/{meeting_id}")

    assert page.text.count("For this date only") == 12
    assert f"And {len(dates) - 12} more" in page.text
