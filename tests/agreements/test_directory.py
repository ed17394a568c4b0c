"""The directory as families use it: found by words and choices, with reasons; kept true by its partners."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.models import Program, Todo
from services.agreements.rules import LOOKS, Freshness, Look, look_due
from services.agreements.words import plain, web_address
from shared.clock import new_id
from shared.db import Database
from shared.events.agreements import ProgramConfirmed, ProgramsConfirmationDue, TodoClosed, TodoOpened
from shared.events.vocabulary import TodoKind
from shared.identity import system
from shared.refusals import Refusal
from tests.agreements.partners import BOSTON
from tests.agreements.support import (
    NOW,
    a_known_school,
    a_program_of,
    an_organization,
    partner_of,
    the_district,
)
from tests.support.clients import Client
from tests.support.events import outbox

API = "/agreements/api/v1"
GOOD_FOR, ASK = timedelta(days=183), timedelta(days=30)


@pytest.fixture
async def directory(db_agreements: Database) -> dict[str, UUID]:
    """Five programs that differ in everything that is asked for."""
    async with db_agreements.transaction() as session:
        school = await a_known_school(session, "Lincoln")
        one, two = await an_organization(session, "City Year"), await an_organization(session, "Casa Abierta")
        await a_program_of(
            session, one, name="Homework club", description="Children are mentored in reading.", grades=["KG", "01"],
            school_ids=[str(school.id)], times="Mon-Thu 3-5:30 pm", cost="0", open_places="3",
            site="12 Main Street, Boston, MA 02118", neighborhood="South End", position="42.3401, -71.0689",
        )  # fmt: skip
        await a_program_of(
            session, one, name="Evening chess", needs=["arts"], minimum_age="14", maximum_age="18", languages=["es"],
            times="Fri 6-8 pm", cost="20", open_places="0", neighborhood="Dorchester", position="42.3016, -71.0676",
        )  # fmt: skip
        await a_program_of(session, two, name="Canción y baile", needs=["arts"], description="Canciones de la casa.")
        await a_program_of(session, two, name="課後輔導", description="Homework help in Chinese.")
        await a_program_of(session, two, name="Đường về nhà", needs=["food"], description="Food for the way home.")
        await session.flush()
        await commands.survey_places(session)
    return {"school": school.id}


async def names(client: Client, **query: Any) -> list[str]:
    answer = await client(None).get(f"{API}/programs", params=query)
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["items"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "cancion"}, {"Canción y baile"}),
        ({"q": "CANCIONES"}, {"Canción y baile"}),
        ({"q": "duong nha"}, {"Đường về nhà"}),
        ({"q": "輔導"}, {"課後輔導"}),
        ({"q": "mentor"}, {"Homework club"}),
        ({"q": "read"}, {"Homework club"}),
        ({"q": "comida"}, {"Đường về nhà"}),
        ({"q": "homework for my child"}, {"Homework club"}),
        ({"q": "homework"}, {"Homework club", "課後輔導"}),
        ({"q": "' & ! | :* \\ --", "need": "arts"}, {"Evening chess", "Canción y baile"}),
        ({"age": "5"}, {"Homework club", "Canción y baile", "課後輔導", "Đường về nhà"}),
        ({"age": "16", "need": "arts"}, {"Evening chess", "Canción y baile"}),
        ({"age": "40", "need": "arts"}, {"Canción y baile"}),
        ({"day": "MO"}, {"Homework club"}),
        ({"time": "evening"}, {"Homework club", "Evening chess"}),
        ({"day": "FR", "time": "afternoon"}, set()),
        ({"day": "FR", "time": "evening"}, {"Evening chess"}),
        ({"free": "yes"}, {"Homework club"}),
        ({"room": "yes"}, {"Homework club"}),
        ({"near": "south end", "within": "1000"}, {"Homework club"}),
        ({"near": "02118", "within": "1000"}, {"Homework club"}),
        ({"near": "42.30, -71.07", "within": "10000"}, {"Homework club", "Evening chess"}),
        ({"near": "Atlantis"}, set()),
    ],
)
@pytest.mark.usefixtures("directory")
async def test_programs_are_found_by_what_families_ask(
    client_agreements: Client, query: dict[str, str], found: set[str]
) -> None:
    assert set(await names(client_agreements, **query)) == found


@pytest.mark.usefixtures("directory")
async def test_a_word_in_the_name_comes_first_and_what_is_full_comes_last(client_agreements: Client) -> None:
    by_word = await names(client_agreements, q="homework")
    by_need = await names(client_agreements, need="arts")

    assert by_word == ["Homework club", "課後輔導"]
    assert by_need == ["Canción y baile", "Evening chess"]


@pytest.mark.usefixtures("directory")
async def test_what_is_nearer_comes_first_with_how_far_it_is(client_agreements: Client) -> None:
    answer = await client_agreements(None).get(f"{API}/programs", params={"near": "Dorchester"})

    items = answer.json()["items"]
    assert [one["name"] for one in items] == ["Evening chess", "Homework club"]
    assert items[0]["distance"] < 1
    assert 4_000 < items[1]["distance"] < 4_500


async def test_an_answer_says_why_it_fits(client_agreements: Client, directory: dict[str, UUID]) -> None:
    query = {
        "q": "mentored", "need": "academic", "grade": "KG", "age": "6", "school": str(directory["school"]),
        "day": "MO", "free": "yes", "room": "yes", "near": "South End",
    }  # fmt: skip

    answer = await client_agreements(None).get(f"{API}/programs", params=query)

    (program,) = answer.json()["items"]
    assert [(why["what"], why["value"]) for why in program["why"]] == [
        ("words", "mentored"), ("need", "academic"), ("grade", "KG"), ("age", "6"),
        ("school", str(directory["school"])), ("time", "MO 15:00-17:30"), ("free", ""), ("room", "3"), ("near", "0"),
    ]  # fmt: skip


async def test_the_page_shows_reasons_a_map_and_how_sure_it_is_in_the_reader_s_language(
    client_agreements: Client, directory: dict[str, UUID]
) -> None:
    client = client_agreements(None)

    page = (await client.get("/agreements/programs", params={"near": "South End", "free": "yes"})).text
    arabic = (await client.get("/agreements/programs", params={"need": "arts", "lang": "ar"})).text
    unknown = (await client.get("/agreements/programs", params={"near": "Atlantis", "lang": "en"})).text

    assert all(words in page for words in ("0 mi away", "3 places free", "Free", "Confirmed"))
    assert page.count('class="map__dot"') == 1
    assert 'href="#program-1"' in page
    assert 'id="program-1"' in page
    assert "https://" not in page.replace("https://www.w3.org", "")
    assert 'dir="rtl"' in arabic
    assert "We do not know this place" in unknown


async def test_a_school_s_page_says_who_works_with_it(client_agreements: Client, directory: dict[str, UUID]) -> None:
    client = client_agreements(None)

    page = await client.get(f"/agreements/schools/{directory['school']}")
    said = (await client.get(f"{API}/schools/{directory['school']}")).json()
    missing = await client.get(f"/agreements/schools/{new_id()}")

    assert (page.status_code, missing.status_code) == (200, 404)
    assert "Who works with Lincoln" in page.text
    assert "Homework club" in page.text
    assert [partner["name"] for partner in said["partners"]] == ["City Year"]
    assert said["for_every_school"] == 4


@pytest.mark.usefixtures("directory")
async def test_a_listing_follows_its_program_and_its_partner(
    db_agreements: Database, client_agreements: Client
) -> None:
    async with db_agreements.transaction() as session:
        program = (await session.exec(select(Program).where(Program.name == "Evening chess"))).one()
        await commands.close_program(session, program.id, version=1, reason="", actor=the_district(), now=NOW)
        await session.execute(text("UPDATE organization SET name = 'Ciudad Joven' WHERE name = 'City Year'"))

    assert await names(client_agreements, q="chess") == []
    assert await names(client_agreements, q="chess", status="any") == []
    assert await names(client_agreements, q="joven") == ["Homework club"]


@pytest.mark.parametrize("words", ["Canción", "Đường", "القُرْآن", "課後輔導 abc", "Straße Œuvre", "plain"])
async def test_words_are_plain_in_python_as_they_are_in_the_database(
    session_agreements: AsyncSession, words: str
) -> None:
    found = (await session_agreements.execute(text("SELECT plain(:words)"), {"words": words})).scalar_one()

    assert plain(words) == found


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("example.org/club", "https://example.org/club"),
        ("HTTP://Example.org", "HTTP://Example.org"),
        ("//example.org:8080", "https://example.org:8080"),
        ("", ""),
        ("javascript:alert(1)", None),
        ("mailto:a@example.org", None),
        ("our website", None),
    ],
)
def test_the_address_of_a_web_page_gets_its_scheme(text: str, address: str | None) -> None:
    assert web_address(text) == address


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("minimum_age", "six"), ("maximum_age", "200"), ("cost", "much"), ("cost", "-5"), ("times", "some day"),
        ("open_places", "-1"), ("position", "north"), ("position", "91, 0"), ("url", "javascript:alert(1)"),
        ("neighborhood", "x" * 101), ("cost_note", "x" * 201),
    ],
)  # fmt: skip
async def test_an_entry_that_is_not_in_order_is_refused_where_it_is_not(
    session_agreements: AsyncSession, field: str, value: str
) -> None:
    organization = await an_organization(session_agreements)

    with pytest.raises(Refusal) as refused:
        await a_program_of(session_agreements, organization, **{field: value})

    assert list(refused.value.fields) == [field]


async def test_ages_stand_in_order(session_agreements: AsyncSession) -> None:
    organization = await an_organization(session_agreements)

    with pytest.raises(Refusal) as refused:
        await a_program_of(session_agreements, organization, minimum_age="12", maximum_age="6")

    assert list(refused.value.fields) == ["maximum_age"]


@pytest.mark.parametrize("freshness", Freshness)
@pytest.mark.parametrize(
    ("days", "look"), [(0, None), (152, None), (153, Look.ASK), (182, Look.ASK), (183, Look.LAPSE), (400, Look.LAPSE)]
)
def test_what_is_due_follows_from_the_age_of_the_last_word(freshness: Freshness, days: int, look: Look | None) -> None:
    due = look_due(freshness, NOW - timedelta(days=days), NOW, good_for=GOOD_FOR, ask=ASK)

    assert due == (look if look and (freshness, look) in LOOKS else None)


async def test_the_last_day_of_a_confirmation_goes_by_the_districts_clock(session_agreements: AsyncSession) -> None:
    program = await a_program_of(session_agreements, await an_organization(session_agreements))
    evening = program.confirmed_at = datetime(2026, 3, 2, 22, tzinfo=BOSTON)

    await commands.ask_to_confirm(
        session_agreements, good_for=GOOD_FOR, ask=ASK, zone=BOSTON, actor=system("agreements"),
        now=evening + GOOD_FOR - ASK,
    )  # fmt: skip

    last = date(2026, 9, 1)
    facts = await outbox(session_agreements)
    assert [fact.on for fact in facts if isinstance(fact, ProgramsConfirmationDue)] == [last]
    assert [fact.due_on for fact in facts if isinstance(fact, TodoOpened)] == [last]


async def test_a_partner_is_asked_then_marked_then_thanked(db_agreements: Database, client_agreements: Client) -> None:
    async with db_agreements.transaction() as session:
        organization = await an_organization(session)
        ids = [(await a_program_of(session, organization, name=name)).id for name in ("Old", "Older")]

    async def look(days: int) -> int:
        async with db_agreements.transaction() as session:
            at = NOW + timedelta(days=days)
            return await commands.ask_to_confirm(
                session, good_for=GOOD_FOR, ask=ASK, zone=BOSTON, actor=system("agreements"), now=at
            )

    looks = [await look(days) for days in (100, 153, 160, 183, 300)]
    async with db_agreements.transaction() as session:
        facts = await outbox(session)
        await commands.confirm_program(
            session, ids[0], actor=partner_of(organization.id), now=NOW + timedelta(days=301)
        )

    due = [fact for fact in facts if isinstance(fact, ProgramsConfirmationDue)]
    assert looks == [0, 2, 0, 2, 0]
    assert [(set(fact.program_ids), fact.lapsed) for fact in due] == [(set(ids), False), (set(ids), True)]
    assert due[0].on == (NOW + GOOD_FOR).astimezone(BOSTON).date()
    assert len([fact for fact in facts if isinstance(fact, TodoOpened)]) == 2
    assert await names(client_agreements, sort="best") == ["Old", "Older"]
    async with db_agreements.transaction() as session:
        programs = {one.name: one.freshness for one in await session.exec(select(Program))}
        todos = (await session.exec(select(Todo).where(Todo.kind == TodoKind.PROGRAM_CONFIRM))).all()
        after = await outbox(session)
    assert programs == {"Old": Freshness.FRESH, "Older": Freshness.STALE}
    assert {todo.about_id: todo.closed_at is None for todo in todos} == {ids[0]: False, ids[1]: True}
    assert [type(fact) for fact in after].count(ProgramConfirmed) == 1
    assert [type(fact) for fact in after].count(TodoClosed) == 1
    page = (await client_agreements(None).get("/agreements/programs")).text
    assert page.count("Not confirmed lately") == 1


async def test_only_who_keeps_a_program_confirms_it_and_twice_is_once(
    db_agreements: Database, client_agreements: Client
) -> None:
    async with db_agreements.transaction() as session:
        organization = await an_organization(session)
        program = await a_program_of(session, organization)
    path = f"{API}/programs/{program.id}/confirm"

    other = await client_agreements(partner_of(new_id())).post(path)
    mine = [(await client_agreements(partner_of(organization.id)).post(path)).status_code for _ in range(2)]

    async with db_agreements.transaction() as session:
        facts = [fact for fact in await outbox(session) if isinstance(fact, ProgramConfirmed)]
    assert (other.status_code, mine, len(facts)) == (404, [200, 200], 1)
