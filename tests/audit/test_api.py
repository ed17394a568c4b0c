"""The log's JSON API."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.clock import new_id
from shared.db import Database
from shared.events import referrals
from shared.events.vocabulary import RoleName
from tests.audit.support import NOON, a_log, a_submission, an_event, append
from tests.support.builders import a_person, an_actor
from tests.support.clients import Client

DISTRICT = an_actor(RoleName.DISTRICT_OFFICE)
API = "/audit/api/v1"


async def found(client: Client, **asked: Any) -> list[int]:
    """The places of the entries that a search finds."""
    answer = await client(DISTRICT).get(f"{API}/entries", params=asked)
    assert answer.status_code == 200, answer.text
    return [entry["seq"] for entry in answer.json()["entries"]]


@pytest.mark.parametrize("path", ["/tree", "/entries", "/entries/0"])
@pytest.mark.parametrize("role", [role for role in RoleName if role is not RoleName.DISTRICT_OFFICE])
async def test_only_the_district_office_reads_the_log(client_audit: Client, role: RoleName, path: str) -> None:
    answer = await client_audit(an_actor(role, new_id())).get(API + path)

    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/tree", "/entries", "/entries/0"])
async def test_nobody_reads_the_log_without_signing_in(client_audit: Client, path: str) -> None:
    assert (await client_audit(None).get(API + path)).status_code == 401


async def test_the_tree_is_told_by_size_and_root(client_audit: Client, db_audit: Database) -> None:
    await a_log(db_audit, 3)

    answer = (await client_audit(DISTRICT).get(f"{API}/tree")).json()

    newest = (await client_audit(DISTRICT).get(f"{API}/entries/2")).json()
    assert answer == {"size": 3, "root": newest["entry"]["root"]}


async def test_entries_come_newest_first_25_at_a_time(client_audit: Client, db_audit: Database) -> None:
    await a_log(db_audit, 60)

    assert await found(client_audit) == list(range(59, 34, -1))
    assert await found(client_audit, page=3) == list(range(9, -1, -1))
    assert await found(client_audit, page=4) == []


async def test_a_search_with_a_character_that_nothing_has_is_refused_in_words(client_audit: Client) -> None:
    client = client_audit(DISTRICT)

    answer = await client.get(f"{API}/entries?type=%00")
    page = await client.get("/audit?type=%00")

    assert (answer.status_code, answer.json()["code"], page.status_code) == (400, "unreadable", 400)
    assert "holds characters that cannot be read" in answer.json()["detail"]
    assert "holds characters that cannot be read" in page.text


async def test_a_search_says_how_many_fit(client_audit: Client, db_audit: Database) -> None:
    await a_log(db_audit, 30)

    asked: dict[str, str | int] = {"type": "referral.submitted.v1", "page": 2}
    answer = (await client_audit(DISTRICT).get(f"{API}/entries", params=asked)).json()

    assert (answer["total"], answer["page"], len(answer["entries"])) == (30, 2, 5)


async def test_a_thing_is_found_as_subject_and_inside(client_audit: Client, db_audit: Database) -> None:
    program, submission = new_id(), a_submission()
    about_it = a_submission(program_ids=(new_id(), program))
    await append(db_audit, an_event(), an_event(submission), an_event(about_it), an_event())

    assert await found(client_audit, thing=submission.referral_id) == [1]
    assert await found(client_audit, thing=program) == [2]
    assert await found(client_audit, thing=new_id()) == []


async def test_an_event_is_found_by_its_own_id_and_by_its_chain(client_audit: Client, db_audit: Database) -> None:
    chain = new_id()
    event, other = an_event(correlation_id=chain), an_event(correlation_id=chain)
    await append(db_audit, event, an_event(), other)

    assert await found(client_audit, thing=event.id) == [0]
    assert await found(client_audit, thing=chain) == [2, 0]


async def test_a_person_is_found_as_actor_and_as_subject(client_audit: Client, db_audit: Database) -> None:
    person = a_person()
    await append(
        db_audit,
        an_event(person),
        an_event(actor=f"person:{person.person_id}"),
        an_event(a_submission(student_id=person.person_id)),
        an_event(),
    )

    assert await found(client_audit, person=person.person_id) == [2, 1, 0]


async def test_what_a_person_did_is_not_about_the_person(client_audit: Client, db_audit: Database) -> None:
    person = new_id()
    await append(db_audit, an_event(actor=f"person:{person}"))

    assert await found(client_audit, thing=person) == []


async def test_a_time_is_half_open(client_audit: Client, db_audit: Database) -> None:
    await append(db_audit, *[an_event(time=NOON + timedelta(hours=hour)) for hour in range(4)])

    since, before = NOON + timedelta(hours=1), NOON + timedelta(hours=3)

    assert await found(client_audit, since=since.isoformat(), before=before.isoformat()) == [2, 1]


async def test_what_is_asked_for_narrows_together(client_audit: Client, db_audit: Database) -> None:
    student = new_id()
    early = an_event(a_submission(student_id=student), time=NOON - timedelta(days=2))
    await append(db_audit, early, an_event(a_submission(student_id=student)), an_event())

    assert await found(client_audit, person=student, type="referral.submitted.v1", since=NOON.isoformat()) == [1]
    assert await found(client_audit, person=student, type="referral.accepted.v1") == []


async def test_an_entry_comes_with_its_cause_and_what_it_caused(client_audit: Client, db_audit: Database) -> None:
    chain = new_id()
    cause = an_event(correlation_id=chain)
    middle = an_event(correlation_id=chain, causation_id=cause.id)
    effects = [an_event(correlation_id=chain, causation_id=middle.id) for _ in range(2)]
    await append(db_audit, an_event(), cause, middle, *effects)

    story = (await client_audit(DISTRICT).get(f"{API}/entries/2")).json()

    assert story["cause"]["seq"] == 1
    assert [effect["seq"] for effect in story["caused"]] == [3, 4]
    assert story["chain_length"] == 4


async def test_an_entry_shows_what_was_published_and_its_hashes(client_audit: Client, db_audit: Database) -> None:
    event = an_event()
    await append(db_audit, event)

    entry = (await client_audit(DISTRICT).get(f"{API}/entries/0")).json()["entry"]

    assert entry["data"].encode() == event.value
    assert (UUID(entry["id"]), entry["type"]) == (event.id, referrals.ReferralSubmitted.type)
    assert all(len(bytes.fromhex(entry[name])) == 32 for name in ("digest", "leaf", "root"))


@pytest.mark.parametrize(("place", "status"), [("0", 404), ("-1", 422), ("x", 422), (str(2**63), 422)])
async def test_a_place_that_is_not_there_is_said_to_be_so(client_audit: Client, place: str, status: int) -> None:
    answer = await client_audit(DISTRICT).get(f"{API}/entries/{place}")

    assert answer.status_code == status
    assert answer.json()["code"] == ("no_such_entry" if status == 404 else "malformed")


@pytest.mark.parametrize("asked", [{"thing": "x"}, {"page": "0"}, {"since": "2026-11-21T10:00:00"}, {"before": "soon"}])
async def test_a_question_that_cannot_be_read_is_refused(client_audit: Client, asked: dict[str, str]) -> None:
    assert (await client_audit(DISTRICT).get(f"{API}/entries", params=asked)).status_code == 422


async def test_the_api_describes_itself(client_audit: Client) -> None:
    document = (await client_audit(None).get("/audit/openapi.json")).json()

    assert {f"{API}/tree", f"{API}/entries", f"{API}/entries/{{seq}}"} <= set(document["paths"])
