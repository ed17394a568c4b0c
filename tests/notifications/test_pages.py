"""The pages, as a browser asks for them."""

import pytest
import pytest_asyncio

from services.notifications import jobs
from services.notifications.consumers import on
from services.notifications.rules import Kind
from services.notifications.settings import Settings
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.events.vocabulary import LANGUAGES, RoleName
from shared.identity import Actor
from tests.notifications.conftest import District
from tests.notifications.mailbox import Mailbox
from tests.support.builders import an_actor
from tests.support.clients import Client
from tests.support.events import deliver

OFFICE = an_actor(RoleName.DISTRICT_OFFICE)


@pytest_asyncio.fixture(loop_scope="session")
async def father(db_notifications: Database, known: District) -> Actor:
    """A guardian who reads Arabic, with one message."""
    await deliver(db_notifications, on, known.accepted())
    return an_actor(RoleName.GUARDIAN, known.student.person_id, person_id=known.father.person_id, language="ar")


def link_to_message(html: str) -> str:
    """The first message that a page leads to."""
    start = html.index("/notifications/inbox/")
    return html[start : html.index('"', start)]


async def test_a_family_reads_its_messages_in_its_language_and_direction(
    client_notifications: Client, father: Actor
) -> None:
    answer = await client_notifications(father).get("/notifications/inbox")

    assert answer.status_code == 200
    assert '<html lang="ar" dir="rtl">' in answer.text
    assert "Jean-Zélie" in answer.text
    assert len(answer.content) < 50_000


async def test_opening_a_message_marks_it_as_read(
    client_notifications: Client, known: District, db_notifications: Database
) -> None:
    await deliver(db_notifications, on, known.accepted())
    client = client_notifications(an_actor(RoleName.SCHOOL_STAFF, new_id(), person_id=known.referrer.person_id))
    before = await client.get("/notifications/inbox")

    opened = await client.get(link_to_message(before.text))

    assert "The referral was accepted" in opened.text
    assert f'href="/referrals/{known.referral_id}"' in opened.text
    assert "1 message waits" in before.text
    assert "message waits" not in (await client.get("/notifications/inbox")).text


async def test_an_empty_inbox_says_what_will_come(client_notifications: Client, db_notifications: Database) -> None:
    answer = await client_notifications(an_actor()).get("/notifications/inbox")

    assert "No messages yet" in answer.text


async def test_anothers_message_is_no_page(client_notifications: Client, father: Actor) -> None:
    mine = await client_notifications(father).get("/notifications/inbox")

    answer = await client_notifications(an_actor()).get(link_to_message(mine.text))

    assert answer.status_code == 404


async def test_who_is_not_signed_in_is_led_to_the_sign_in(
    client_notifications: Client, db_notifications: Database
) -> None:
    answer = await client_notifications(None).get("/notifications/inbox")

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fnotifications%2Finbox")


async def test_a_guardian_keeps_a_choice_and_sees_that_it_is_kept(client_notifications: Client, father: Actor) -> None:
    client = client_notifications(father)
    form = await client.get("/notifications/preferences")

    saved = await client.post("/notifications/preferences", data={"language": "fr", "email": "no"})
    after = await client.get(saved.headers["location"])

    assert '<option value="ar" selected>' in form.text
    assert "father@example.org" in form.text
    assert saved.status_code == 303
    assert '<option value="fr" selected>' in after.text
    assert 'class="note note--good"' in after.text


async def test_pages_speak_the_language_that_was_chosen_from_then_on(
    client_notifications: Client, father: Actor
) -> None:
    client = client_notifications(father)
    before = await client.get("/notifications/inbox")

    await client.post("/notifications/preferences", data={"language": "fr", "email": "yes"})
    after = await client.get("/notifications/inbox")

    assert ('<html lang="ar"' in before.text, '<html lang="fr"' in after.text) == (True, True)


async def test_a_choice_that_cannot_be_kept_is_shown_again(client_notifications: Client, father: Actor) -> None:
    answer = await client_notifications(father).post(
        "/notifications/preferences", data={"language": "tl", "email": "no"}
    )

    assert answer.status_code == 422
    assert 'href="#language"' in answer.text
    assert 'value="no" checked' in answer.text


async def test_staff_choose_when_they_are_reminded_of_meetings_and_by_which_clock(
    client_notifications: Client, db_notifications: Database
) -> None:
    office = client_notifications(OFFICE)
    usual = await office.get("/notifications/preferences")

    chosen = {"language": "en", "email": "yes", "remind_before": ["2880", "15"], "time_zone": "America/Chicago"}
    saved = await office.post("/notifications/preferences", data=chosen)
    kept = await office.get("/notifications/api/v1/preferences")
    wrong = await office.post("/notifications/preferences", data=chosen | {"remind_before": ["7", "x"]})
    nowhere = await office.post("/notifications/preferences", data=chosen | {"time_zone": "Moon/Sea"})

    assert usual.text.count('name="remind_before"') == 9
    assert usual.text.count(" checked") == 4
    assert saved.status_code == 303
    assert kept.json() == {
        "language": "en", "email": True, "remind_before": [2880, 15], "time_zone": "America/Chicago"
    }  # fmt: skip
    assert (wrong.status_code, nowhere.status_code) == (422, 422)
    assert "Choose among the times in the list." in wrong.text


@pytest.mark.parametrize("path", ["kinds", "languages", "deliveries"])
async def test_the_office_sees_its_pages_and_others_do_not(
    client_notifications: Client, db_notifications: Database, path: str
) -> None:
    seen = await client_notifications(OFFICE).get(f"/notifications/{path}")

    assert seen.status_code == 200
    assert seen.text.count("<h1") == 1
    assert (await client_notifications(an_actor()).get(f"/notifications/{path}")).status_code == 403


async def test_every_message_can_be_looked_at_in_every_language(
    client_notifications: Client, db_notifications: Database
) -> None:
    client = client_notifications(OFFICE)
    table = (await client.get("/notifications/kinds")).text

    for kind in Kind:
        assert f'href="/notifications/kinds/{kind}"' in table
    for language in LANGUAGES:
        shown = await client.get(f"/notifications/kinds/{Kind.FAMILY_SENT}", params={"language": language})
        assert shown.status_code == 200
        assert "Maria" in shown.text


async def test_deliveries_show_what_failed_and_what_to_do(
    client_notifications: Client, known: District, db_notifications: Database, settings: Settings, mailbox: Mailbox
) -> None:
    mailbox.answers["mother@example.org"] = "550 5.1.1 no such user"
    await deliver(db_notifications, on, known.accepted())
    await jobs.send_due(db_notifications, settings, utc_now())
    client = client_notifications(OFFICE)

    every = await client.get("/notifications/deliveries")
    failed = await client.get("/notifications/deliveries?status=failed")
    start = failed.text.index('action="/notifications/deliveries/') + len('action="')
    again = await client.post(failed.text[start : failed.text.index('"', start)])

    assert "Failed (1)" in every.text
    assert "father@example.org" in every.text
    assert "father@example.org" not in failed.text
    assert "Have it corrected, then send it again." in failed.text
    assert (again.status_code, again.headers["location"]) == (303, "/notifications/deliveries")
    assert "Nothing here" in (await client.get("/notifications/deliveries?status=failed")).text


async def test_a_strange_state_in_the_address_shows_everything(
    client_notifications: Client, db_notifications: Database
) -> None:
    answer = await client_notifications(OFFICE).get("/notifications/deliveries?status=lost")

    assert answer.status_code == 200
    assert "No e-mail yet" in answer.text
