"""The JSON API."""

from typing import Any
from uuid import UUID

import pytest_asyncio
from sqlmodel import select

from services.notifications import jobs
from services.notifications.consumers import on
from services.notifications.models import Delivery, Status
from services.notifications.rules import Kind
from services.notifications.settings import Settings
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.events.notifications import MessageQueuedAgain, MessageRead, PreferencesChanged
from shared.events.vocabulary import LANGUAGES, RoleName
from shared.identity import Actor
from tests.notifications.conftest import District
from tests.notifications.mailbox import Mailbox
from tests.support.builders import an_actor
from tests.support.clients import Client
from tests.support.events import deliver, outbox

API = "/notifications/api/v1"
OFFICE = an_actor(RoleName.DISTRICT_OFFICE)


def guardian(person_id: UUID, language: str = "fr") -> Actor:
    """A signed-in guardian."""
    return an_actor(RoleName.GUARDIAN, new_id(), person_id=person_id, language=language)


@pytest_asyncio.fixture(loop_scope="session")
async def mother(db_notifications: Database, known: District) -> Actor:
    """A guardian with two messages, the newer one about the place."""
    await deliver(db_notifications, on, known.sent())
    await deliver(db_notifications, on, known.accepted())
    return guardian(known.mother.person_id)


async def items(client: Any, **params: str) -> list[dict[str, Any]]:
    """Somebody's messages."""
    answer = await client.get(f"{API}/inbox", params=params)
    assert answer.status_code == 200
    return list(answer.json()["items"])


async def test_the_inbox_has_everything_in_words_with_unread_first(client_notifications: Client, mother: Actor) -> None:
    client = client_notifications(mother)
    newest, oldest = await items(client, language="en")

    await client.post(f"{API}/inbox/{newest['id']}/read")

    found = await items(client, language="en")
    assert [m["id"] for m in found] == [oldest["id"], newest["id"]]
    assert found[1]["title"] == "Good news: there is a place"
    assert "Night Housing Help (Harbor Shelter) has a place for Jean-Zélie." in found[1]["words"]
    assert found[1]["read_at"] is not None
    assert found[1]["school"] == "Harbor View Elementary"
    assert found[1]["href"] == f"/referrals/family#r-{newest['about_id']}"


async def test_the_count_is_of_what_waits_to_be_read(client_notifications: Client, mother: Actor) -> None:
    client = client_notifications(mother)
    first, _ = await items(client)

    before = (await client.get(f"{API}/inbox/count")).json()
    await client.post(f"{API}/inbox/{first['id']}/read")

    assert (before, (await client.get(f"{API}/inbox/count")).json()) == ({"count": 2}, {"count": 1})


async def test_reading_twice_is_told_once(
    client_notifications: Client, mother: Actor, db_notifications: Database
) -> None:
    client = client_notifications(mother)
    first, _ = await items(client)

    answers = [await client.post(f"{API}/inbox/{first['id']}/read") for _ in range(2)]

    assert [a.status_code for a in answers] == [204, 204]
    async with db_notifications.transaction() as session:
        read = [f for f in await outbox(session) if isinstance(f, MessageRead)]
    assert [str(f.message_id) for f in read] == [first["id"]]


async def test_anothers_message_is_as_if_there_were_none(client_notifications: Client, mother: Actor) -> None:
    first, _ = await items(client_notifications(mother))
    stranger = client_notifications(guardian(new_id()))

    answers = [
        await stranger.get(f"{API}/inbox/{first['id']}"),
        await stranger.post(f"{API}/inbox/{first['id']}/read"),
        await stranger.get(f"{API}/inbox/{new_id()}"),
    ]

    assert [(a.status_code, a.json()["code"]) for a in answers] == [(404, "no_such_message")] * 3


async def test_nobody_reads_without_signing_in(client_notifications: Client, db_notifications: Database) -> None:
    client = client_notifications(None)

    for path in ("inbox", "inbox/count", "preferences", "kinds", "languages", "deliveries"):
        assert (await client.get(f"{API}/{path}")).status_code == 401


async def test_the_office_pages_are_for_the_office(client_notifications: Client, db_notifications: Database) -> None:
    client = client_notifications(guardian(new_id()))

    for path in ("kinds", "kinds/family_sent", "languages", "deliveries"):
        assert (await client.get(f"{API}/{path}")).status_code == 403


async def test_a_guardian_chooses_language_and_e_mail(
    client_notifications: Client, mother: Actor, db_notifications: Database
) -> None:
    client = client_notifications(mother)
    before = (await client.get(f"{API}/preferences")).json()

    for _ in range(2):
        answer = await client.put(f"{API}/preferences", json={"language": "pt", "email": False})

    after = (await client.get(f"{API}/preferences")).json()
    assert (before["language"], before["email"]) == ("ht", True)
    assert (after["language"], after["email"], after["remind_before"]) == ("pt", False, [10080, 1440, 120])
    assert answer.status_code == 200
    async with db_notifications.transaction() as session:
        changed = [f for f in await outbox(session) if isinstance(f, PreferencesChanged)]
    assert [(f.language, f.by_email) for f in changed] == [("pt", False)]


async def test_a_language_that_we_do_not_write_is_refused_by_name_of_the_field(
    client_notifications: Client, mother: Actor
) -> None:
    answer = await client_notifications(mother).put(f"{API}/preferences", json={"language": "tl", "email": True})

    assert (answer.status_code, answer.json()["fields"].keys()) == (422, {"language"})


async def test_the_table_of_who_is_told_what_names_every_kind(
    client_notifications: Client, db_notifications: Database
) -> None:
    found = (await client_notifications(OFFICE).get(f"{API}/kinds")).json()

    assert {line["kind"] for line in found} == set(Kind)


async def test_every_kind_has_a_preview_in_every_language(
    client_notifications: Client, db_notifications: Database
) -> None:
    client = client_notifications(OFFICE)

    for kind in Kind:
        for language in LANGUAGES:
            answer = await client.get(f"{API}/kinds/{kind}", params={"language": language})

            assert answer.status_code == 200
            assert "%(" not in answer.text


async def test_the_preview_of_a_strange_language_is_not_found(
    client_notifications: Client, db_notifications: Database
) -> None:
    answer = await client_notifications(OFFICE).get(f"{API}/kinds/family_sent", params={"language": "tl"})

    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_language")


async def test_languages_are_counted(client_notifications: Client, db_notifications: Database) -> None:
    found = (await client_notifications(OFFICE).get(f"{API}/languages")).json()

    assert [line["language"] for line in found] == [code for code in LANGUAGES if code != "en"]
    assert all(line["approved"] + line["waiting"] + line["missing"] > 100 for line in found)


async def test_a_failed_delivery_says_what_to_do_and_is_sent_again(
    client_notifications: Client, known: District, db_notifications: Database, settings: Settings, mailbox: Mailbox
) -> None:
    mailbox.answers["mother@example.org"] = "550 5.1.1 no such user"
    await deliver(db_notifications, on, known.accepted())
    await jobs.send_due(db_notifications, settings, utc_now())
    client = client_notifications(OFFICE)

    found = (await client.get(f"{API}/deliveries", params={"status": "failed"})).json()
    (failed,) = found["items"]
    mailbox.answers.clear()
    answers = [await client.post(f"{API}/deliveries/{failed['id']}/send-again") for _ in range(2)]
    await jobs.send_due(db_notifications, settings, utc_now())

    assert (found["counts"]["failed"], found["counts"]["sent"]) == (1, 2)
    assert "refuses this address (550 5.1.1)" in failed["advice"]
    assert [a.status_code for a in answers] == [204, 409]
    assert len(mailbox.to("mother@example.org")) == 1
    async with db_notifications.transaction() as session:
        assert len([f for f in await outbox(session) if isinstance(f, MessageQueuedAgain)]) == 1


async def test_mail_for_somebody_still_without_an_address_is_not_sent_again(
    client_notifications: Client, known: District, db_notifications: Database
) -> None:
    await deliver(db_notifications, on, known.mother.model_copy(update={"email": None}), known.accepted())
    async with db_notifications.transaction() as session:
        failed = (await session.exec(select(Delivery).where(Delivery.status == Status.FAILED))).one()

    answer = await client_notifications(OFFICE).post(f"{API}/deliveries/{failed.id}/send-again")

    assert (answer.status_code, answer.json()["code"]) == (409, "no_address")


async def test_a_delivery_that_is_not_there_cannot_be_sent_again(
    client_notifications: Client, db_notifications: Database
) -> None:
    answer = await client_notifications(OFFICE).post(f"{API}/deliveries/{new_id()}/send-again")

    assert answer.status_code == 404
