"""The log's pages, for the district office."""

from datetime import datetime
from zoneinfo import ZoneInfo

import httpx
import pytest

from services.audit import words
from shared.clock import new_id
from shared.db import Database
from shared.events import FACTS, people
from shared.events.vocabulary import RoleName
from tests.audit.support import a_log, a_submission, a_tombstone, an_event, append
from tests.support.builders import a_person, a_program, an_actor
from tests.support.clients import Client

DISTRICT = an_actor(RoleName.DISTRICT_OFFICE)


async def opened(client: Client, path: str, **asked: object) -> httpx.Response:
    """A page as the district office sees it; one heading each, whatever it shows."""
    answer = await client(DISTRICT).get(path, params={name: str(value) for name, value in asked.items()})
    assert answer.text.count("<h1") == 1, answer.text
    return answer


@pytest.mark.parametrize("role", [role for role in RoleName if role is not RoleName.DISTRICT_OFFICE])
@pytest.mark.parametrize("path", ["/audit", "/audit/entries/0"])
async def test_others_than_the_district_office_are_refused(
    client_audit: Client, db_audit: Database, role: RoleName, path: str
) -> None:
    await a_log(db_audit, 1)

    answer = await client_audit(an_actor(role, new_id())).get(path)

    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/audit", "/audit/entries/0"])
async def test_who_is_not_signed_in_is_asked_to(client_audit: Client, path: str) -> None:
    answer = await client_audit(None).get(path)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=")


async def test_an_empty_log_says_so(client_audit: Client) -> None:
    assert "The log is empty" in (await opened(client_audit, "/audit")).text


async def test_the_log_is_listed_newest_first_with_its_root(client_audit: Client, db_audit: Database) -> None:
    await a_log(db_audit, 30)
    root = (await client_audit(DISTRICT).get("/audit/api/v1/tree")).json()["root"]

    page = (await opened(client_audit, "/audit")).text

    assert page.index("/audit/entries/29") < page.index("/audit/entries/5")
    assert '"/audit/entries/4"' not in page
    assert "1 to 25 of 30" in page
    assert root in page


async def test_the_second_page_goes_on(client_audit: Client, db_audit: Database) -> None:
    await a_log(db_audit, 30)

    page = (await opened(client_audit, "/audit", page=2)).text

    assert "26 to 30 of 30" in page
    assert "/audit/entries/4" in page


async def test_a_page_past_the_end_leads_back(client_audit: Client, db_audit: Database) -> None:
    await a_log(db_audit, 3)

    assert "The log has no such page" in (await opened(client_audit, "/audit", page=9)).text


async def test_the_address_of_a_things_page_is_a_search_for_it(client_audit: Client, db_audit: Database) -> None:
    submission = a_submission()
    await append(db_audit, an_event(), an_event(submission))

    pasted = f"http://127.0.0.1:8000/referrals/{submission.referral_id}?from=inbox"
    page = (await opened(client_audit, "/audit", thing=pasted)).text

    assert "1 in all" in page
    assert "/audit/entries/1" in page


async def test_days_are_the_districts_and_the_last_one_counts(client_audit: Client, db_audit: Database) -> None:
    home = ZoneInfo("America/New_York")
    times = [datetime(2026, 11, day, hour, tzinfo=home) for day, hour in ((19, 23), (20, 0), (21, 23), (22, 0))]
    await append(db_audit, *[an_event(time=time) for time in times])

    page = (await opened(client_audit, "/audit", since="2026-11-20", until="2026-11-21")).text

    assert "2 in all" in page
    assert all(f"/audit/entries/{place}" in page for place in (1, 2))


async def test_a_search_without_result_says_what_to_do(client_audit: Client, db_audit: Database) -> None:
    await a_log(db_audit, 1)

    page = (await opened(client_audit, "/audit", thing=new_id())).text

    assert "Nothing in the log fits" in page
    assert "Show everything" in page


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"thing": "Dana"}, "This holds no id."),
        ({"person": "Dana"}, "This holds no id."),
        ({"since": "yesterday"}, "This is no day."),
        ({"since": "2026-11-21", "until": "2026-11-20"}, "The last day lies before the first."),
    ],
)
async def test_a_search_that_cannot_be_read_shows_what_was_asked_and_why(
    client_audit: Client, asked: dict[str, str], words: str
) -> None:
    answer = await opened(client_audit, "/audit", **asked)

    assert answer.status_code == 422
    assert words in answer.text
    assert all(f'value="{value}"' in answer.text for value in asked.values())


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_the_first_and_last_day_of_the_calendar_are_days(client_audit: Client, day: str) -> None:
    assert (await opened(client_audit, "/audit", since=day, until=day)).status_code == 200


async def test_an_entry_shows_what_it_says_with_ways_on(client_audit: Client, db_audit: Database) -> None:
    submission = a_submission()
    await append(db_audit, an_event(submission))

    page = (await opened(client_audit, "/audit/entries/0")).text

    assert "Referral submitted" in page
    assert "A member of staff referred a student; without consent it waits." in page
    assert f'href="/referrals/{submission.referral_id}"' in page
    assert all(f"/audit?thing={program}" in page for program in submission.program_ids)


async def test_an_entry_shows_what_led_to_it_and_what_came_of_it(client_audit: Client, db_audit: Database) -> None:
    cause = an_event()
    middle = an_event(causation_id=cause.id)
    await append(db_audit, cause, middle, an_event(causation_id=middle.id))

    page = (await opened(client_audit, "/audit/entries/1")).text

    assert page.index("What led to it") < page.index("/audit/entries/0") < page.index("What it caused")
    assert "/audit/entries/2" in page


async def test_a_long_chain_is_shown_in_part_with_the_way_to_all(client_audit: Client, db_audit: Database) -> None:
    chain = new_id()
    await append(db_audit, *[an_event(correlation_id=chain) for _ in range(30)])

    page = (await opened(client_audit, "/audit/entries/29")).text

    assert "All 30 entries" in page
    assert f"/audit?thing={chain}" in page


async def test_a_sealed_entry_says_why_it_shows_nothing(client_audit: Client, db_audit: Database) -> None:
    await append(db_audit, an_event(a_person(given_name="Zebulon")))

    page = (await opened(client_audit, "/audit/entries/0")).text

    assert "This record carries names and addresses." in page
    assert "Zebulon" not in page


async def test_an_end_says_that_it_is_one(client_audit: Client, db_audit: Database) -> None:
    await append(db_audit, a_tombstone(new_id()))

    assert "it only says that this is no more" in (await opened(client_audit, "/audit/entries/0")).text


async def test_text_from_outside_is_shown_as_text(client_audit: Client, db_audit: Database) -> None:
    bad = "<script>alert(1)</script>"
    await append(db_audit, an_event(type=bad, subject=bad, actor=bad, source=bad, value=b"<script>no json"))
    await append(db_audit, an_event(a_program(name=bad, description=bad)))

    for path in ("/audit", "/audit/entries/0", "/audit/entries/1"):
        assert "<script>alert" not in (await opened(client_audit, path)).text
    assert "&lt;script&gt;no json" in (await opened(client_audit, "/audit/entries/0")).text


async def test_a_place_that_is_not_there_leads_to_a_page_that_says_so(client_audit: Client) -> None:
    answer = await opened(client_audit, "/audit/entries/5")

    assert answer.status_code == 404
    assert "The log has no entry 5" in answer.text


def test_every_known_event_has_a_title_and_a_meaning() -> None:
    assert all(words.title(type) and words.meaning(type) for type in FACTS)
    assert words.title(people.PersonErased.type) == "Person erased"


def test_an_unknown_event_has_a_title_too() -> None:
    assert words.title("tea.served_hot.v12") == "Tea served hot"
    assert (words.title("odd"), words.meaning("odd")) == ("Odd", "")


@pytest.mark.parametrize(
    ("actor", "who"),
    [
        ("person:019a0000-0000-7000-8000-0000000000aa", "Person …0000aa"),
        ("system:referrals", "The referrals service by itself"),
        ("", "Not said"),
        ("somebody", "somebody"),
    ],
)
def test_who_acted_is_said_in_words(actor: str, who: str) -> None:
    assert words.who(actor) == who
