"""The pages of people, as a browser without JavaScript meets them."""

import re
from html import unescape
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from services.people.commands import import_roster
from services.people.roster import school_id
from shared.clock import new_id
from shared.db import Database
from shared.events.vocabulary import RoleName
from shared.identity import Actor
from tests.people.bundles import a_bundle
from tests.people.persons import NOW, OFFICE, a_stored_organization, a_stored_person, a_stored_school, acting
from tests.people.test_api import send_letters
from tests.people.test_sign_in import code_in, key_in
from tests.support.builders import an_actor
from tests.support.clients import Client

SAME_SITE = {"sec-fetch-site": "same-origin"}


def browser(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client that keeps cookies and sends what browsers send."""
    client.headers.update(SAME_SITE)
    return client


async def ask(client: httpx.AsyncClient, email: str = "dana@example.org", way_on: str = "/") -> httpx.Response:
    return await client.post("/sign-in", data={"email": email, "next": way_on})


# The front page


@pytest.mark.parametrize(
    ("role", "home"),
    [
        (RoleName.DISTRICT_OFFICE, "/referrals/overview"),
        (RoleName.SCHOOL_STAFF, "/referrals/today"),
        (RoleName.PARTNER_STAFF, "/referrals/inbox"),
        (RoleName.GUARDIAN, "/referrals/family"),
    ],
)
async def test_the_front_page_sends_people_home(client_people: Client, role: RoleName, home: str) -> None:
    answer = await client_people(an_actor(role, new_id())).get("/")

    assert (answer.status_code, answer.headers["location"]) == (303, home)


async def test_the_front_page_says_what_this_is_to_everybody_else(client_people: Client) -> None:
    answer = await client_people(None).get("/")

    assert answer.status_code == 200
    assert 'href="/sign-in"' in answer.text
    assert 'href="/agreements/programs"' in answer.text


async def test_public_pages_speak_the_readers_language(client_people: Client) -> None:
    answer = await client_people(None).get("/sign-in", headers={"accept-language": "ar"})

    assert '<html lang="ar" dir="rtl">' in answer.text


# Sign-in


async def test_a_browser_signs_in_with_the_code_and_goes_where_it_wanted(
    db_people: Database, client_people: Client
) -> None:
    await a_stored_person(db_people)
    client = browser(client_people(None))

    asked = await ask(client, way_on="/people/schools?page=2")
    (letter,) = await send_letters(db_people)
    form = await client.get(asked.headers["location"])
    signed_in = await client.post("/sign-in/code", data={"code": code_in(letter), "next": "/people/schools?page=2"})

    assert "/sign-in/code?next=" in asked.headers["location"]
    assert 'autocomplete="one-time-code"' in form.text
    assert signed_in.headers["location"] == "/people/schools?page=2"
    cookie = signed_in.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert (await client.get("/people/schools")).status_code == 200
    assert (await client.get("/sign-in")).status_code == 303


async def test_the_link_of_the_mail_asks_for_a_press_before_it_signs_in(
    db_people: Database, client_people: Client
) -> None:
    await a_stored_person(db_people)
    await ask(browser(client_people(None)))
    (letter,) = await send_letters(db_people)
    other = browser(client_people(None))

    looked = [await other.get("/sign-in/link", params={"key": key_in(letter)}) for _ in range(2)]
    pressed = await other.post("/sign-in/link", data={"key": key_in(letter)})
    again = await other.get("/sign-in/link", params={"key": key_in(letter)})

    assert [page.status_code for page in looked] == [200, 200]
    assert "set-cookie" not in looked[0].headers
    assert (pressed.status_code, again.status_code) == (303, 410)
    assert "used already" in again.text
    assert (await other.get("/people/me")).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "there"), [("/referrals/new?student=1&need=a", "/referrals/new?student=1&need=a"), ("//evil", "/")]
)
async def test_the_link_of_the_mail_leads_where_somebody_wanted_to_go(
    db_people: Database, client_people: Client, wanted: str, there: str
) -> None:
    await a_stored_person(db_people)
    await ask(browser(client_people(None)), way_on=wanted)
    (letter,) = await send_letters(db_people)
    other = browser(client_people(None))

    shown = await other.get("/sign-in/link", params={"key": key_in(letter)})
    fields = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', shown.text)}
    pressed = await other.post("/sign-in/link", data=fields)

    assert (pressed.status_code, pressed.headers["location"]) == (303, there)


async def test_the_code_does_not_work_in_another_browser(db_people: Database, client_people: Client) -> None:
    await a_stored_person(db_people)
    await ask(browser(client_people(None)))
    (letter,) = await send_letters(db_people)
    thief = browser(client_people(None))
    await ask(thief, "thief@example.org")

    stolen = await thief.post("/sign-in/code", data={"code": code_in(letter)})
    without = await browser(client_people(None)).post("/sign-in/code", data={"code": code_in(letter)})

    assert stolen.status_code == 422
    assert (without.status_code, "in the browser where you asked" in without.text) == (403, True)


async def test_the_pages_for_a_known_and_an_unknown_address_are_the_same(
    db_people: Database, client_people: Client
) -> None:
    await a_stored_person(db_people)
    pages = []
    for email in ("dana@example.org", "nobody@example.org"):
        client = browser(client_people(None))
        asked = await ask(client, email)
        form = await client.get(asked.headers["location"])
        wrong = await client.post("/sign-in/code", data={"code": "x"})
        pages.append((asked.status_code, asked.headers["location"], form.text, wrong.status_code, wrong.text))

    assert pages[0] == pages[1]


async def test_a_wrong_address_comes_back_with_what_was_entered(client_people: Client) -> None:
    answer = await ask(browser(client_people(None)), '<b>dana"')

    assert answer.status_code == 422
    assert 'value="&lt;b&gt;dana&#34;"' in answer.text
    assert 'aria-invalid="true"' in answer.text


async def test_a_wrong_code_is_explained_in_the_readers_language(db_people: Database, client_people: Client) -> None:
    client = browser(client_people(None))
    await ask(client)

    answer = await client.post("/sign-in/code", data={"code": "1"}, headers={"accept-language": "en"})

    assert (answer.status_code, "This is not the code." in answer.text) == (422, True)


async def test_an_expired_link_says_what_to_do(client_people: Client) -> None:
    answer = await client_people(None).get("/sign-in/link", params={"key": "x" * 43})

    assert (answer.status_code, "This link does not work." in answer.text) == (403, True)


async def test_people_who_share_an_address_say_who_they_are(db_people: Database, client_people: Client) -> None:
    for name in ("Marie", "Paul"):
        await a_stored_person(db_people, RoleName.GUARDIAN, new_id(), given_name=name)
    client = browser(client_people(None))
    await ask(client)
    (letter,) = await send_letters(db_people)

    opened = await client.post("/sign-in/code", data={"code": code_in(letter)})
    form = await client.get(opened.headers["location"])
    nobody = await client.post("/sign-in/who", data={})
    paul = re.findall(r'name="person_id" value="([^"]+)"', form.text)[1]
    chosen = await client.post("/sign-in/who", data={"person_id": paul})

    assert opened.headers["location"] == "/sign-in/who"
    assert (nobody.status_code, chosen.status_code) == (422, 303)
    assert "Paul Okafor" in (await client.get("/people/me")).text


async def test_a_form_from_another_site_is_not_taken(db_people: Database, client_people: Client) -> None:
    client = client_people(OFFICE)
    client.cookies.set("crosswalk_session", "anything")

    answer = await client.post("/sign-out", headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code == 403


async def test_signing_out_everywhere_ends_the_session_of_the_browser(
    db_people: Database, client_people: Client
) -> None:
    await a_stored_person(db_people)
    client = browser(client_people(None))
    await ask(client)
    (letter,) = await send_letters(db_people)
    await client.post("/sign-in/code", data={"code": code_in(letter)})
    token = client.cookies["crosswalk_session"]

    page = await client.get("/people/me")
    left = await client.post("/people/me/sign-out-everywhere")

    assert "this device" in page.text
    assert left.headers["location"] == "/"
    client.cookies.set("crosswalk_session", token)
    assert (await client.get("/people/me")).headers["location"].startswith("/sign-in?next=")


async def test_who_is_not_signed_in_is_asked_to_and_comes_back(client_people: Client) -> None:
    answer = await client_people(None).get("/people/persons?q=lee")

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fpeople%2Fpersons%3Fq%3Dlee")


# People and roles


async def test_the_office_finds_people_and_sees_where_roles_come_from(
    db_people: Database, client_people: Client
) -> None:
    person = await a_stored_person(db_people)
    client = client_people(acting(person))

    found = await client.get("/people/persons", params={"q": "okaf", "role": "district_office"})
    none = await client.get("/people/persons", params={"q": "<script>"})
    one = await client.get(f"/people/persons/{person.id}")

    assert f"/people/persons/{person.id}" in found.text
    assert "Nobody fits" in none.text
    assert "given by hand" in one.text


async def test_a_person_is_added_on_a_page_and_the_form_may_be_sent_twice(
    db_people: Database, client_people: Client
) -> None:
    school = await a_stored_school(db_people)
    client = browser(client_people(OFFICE))
    form = await client.get("/people/persons/new")
    fields = {
        "id": re.findall(r'name="id" value="([^"]+)"', form.text)[0],
        "given_name": "Lee", "family_name": "Tran", "email": "lee@example.org", "role": "school_staff",
        "school_id": str(school.id),
    }  # fmt: skip

    answers = [await client.post("/people/persons/new", data=fields) for _ in range(2)]

    assert {answer.headers["location"] for answer in answers} == {f"/people/persons/{fields['id']}"}
    assert "School staff, North Elementary" in (await client.get(answers[0].headers["location"])).text


async def test_a_form_with_mistakes_comes_back_as_it_was_filled_in(db_people: Database, client_people: Client) -> None:
    client = browser(client_people(OFFICE))

    answer = await client.post(
        "/people/persons/new",
        data={"id": str(new_id()), "given_name": "Lee", "family_name": "", "email": "lee", "role": "partner_staff"},
    )
    with_scope = await client.post(
        "/people/persons/new",
        data={"id": str(new_id()), "given_name": "Lee", "family_name": "", "email": "lee", "role": "district_office"},
    )

    assert (answer.status_code, "Choose the organization" in answer.text) == (422, True)
    assert 'value="Lee"' in with_scope.text
    assert "Enter the last name." in with_scope.text
    assert "Enter an e-mail address" in with_scope.text


async def test_a_role_is_given_and_taken_away_on_the_persons_page(db_people: Database, client_people: Client) -> None:
    person = await a_stored_person(db_people)
    organization = await a_stored_organization(db_people)
    client = browser(client_people(OFFICE))
    page = f"/people/persons/{person.id}"

    missing = await client.post(f"{page}/roles", data={})
    given = await client.post(f"{page}/roles", data={"role": "partner_staff", "organization_id": str(organization.id)})
    with_role = await client.get(page)
    taken = await client.post(f"{page}/roles/revoke", data={"role": "partner_staff", "scope_id": str(organization.id)})
    last = await client.post(f"{page}/roles/revoke", data={"role": "district_office"})

    assert (missing.status_code, "Choose a role." in missing.text) == (422, True)
    assert (given.status_code, taken.status_code) == (303, 303)
    assert "Partner staff, City Steps" in with_role.text
    assert f'href="/audit?person={person.id}"' in with_role.text
    assert (last.status_code, "Give somebody else the role first" in last.text) == (409, True)


async def test_erasing_asks_once_more(db_people: Database, client_people: Client) -> None:
    await a_stored_person(db_people)
    other = await a_stored_person(db_people, RoleName.GUARDIAN, new_id(), email="lee@example.org")
    client = browser(client_people(OFFICE))

    asked = await client.get(f"/people/persons/{other.id}/erase")
    erased = await client.post(f"/people/persons/{other.id}/erase")

    assert "cannot be undone" in asked.text
    assert erased.headers["location"] == "/people/persons"
    assert (await client.get(f"/people/persons/{other.id}")).status_code == 404


@pytest.mark.parametrize(
    "path", ["/people/persons?q=%00a", "/people/schools?q=%00", "/people/students?q=%00&grade=%00&school_id=%00"]
)
async def test_characters_that_no_database_takes_find_nothing_and_break_nothing(
    db_people: Database, client_people: Client, path: str
) -> None:
    assert (await client_people(OFFICE).get(path)).status_code == 200


async def test_characters_that_no_database_takes_are_left_out_of_names(
    db_people: Database, client_people: Client
) -> None:
    client, id = browser(client_people(OFFICE)), new_id()
    fields = {"id": str(id), "given_name": "L\0ee", "family_name": "Tran\x1b", "role": "district_office"}

    wrong = await client.post("/people/persons/new", data={**fields, "email": "l\0ee@example.org"})
    await client.post("/people/persons/new", data={**fields, "email": "lee@example.org", "language": "\0"})
    asked = await ask(client, "l\0ee@example.org")

    assert (wrong.status_code, asked.status_code) == (422, 422)
    assert "L ee Tran" in (await client.get(f"/people/persons/{id}")).text


async def test_an_address_that_is_no_id_gets_a_page_that_says_so(client_people: Client) -> None:
    answer = await client_people(OFFICE).get("/people/persons/%25%3Cb%3E")

    assert answer.status_code == 422
    assert "<b>" not in answer.text


@pytest.mark.parametrize(
    "path", ["/people/persons", "/people/roster", "/people/schools", f"/people/persons/{UUID(int=1)}"]
)
async def test_pages_of_the_office_are_for_the_office(client_people: Client, path: str) -> None:
    for role in (RoleName.SCHOOL_STAFF, RoleName.PARTNER_STAFF, RoleName.GUARDIAN):
        assert (await client_people(an_actor(role, new_id())).get(path)).status_code == 403


# Schools and students


async def test_staff_find_their_students_with_guardians(
    db_people: Database, client_people: Client, tmp_path: Path
) -> None:
    await import_roster(db_people, a_bundle(tmp_path), actor=OFFICE, now=NOW)
    staff: Actor = an_actor(RoleName.SCHOOL_STAFF, school_id("north"))

    found = await client_people(staff).get("/people/students", params={"q": "jean"})
    schools = await client_people(OFFICE).get("/people/schools")

    assert "Jean Baptiste" in found.text
    assert "Kreyòl ayisyen" in found.text
    assert "Lea" not in found.text
    assert "South Elementary" in schools.text


def test_every_page_has_one_heading(client_people: Client) -> None:
    folder = Path(__file__).parents[2] / "services" / "people" / "templates"

    for template in folder.glob("*.html"):
        if template.name != "parts.html":
            assert template.read_text().count("<h1>") == 1, template.name
