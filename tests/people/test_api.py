"""The JSON API of people: who may call what, and what bad input gets."""

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import select

from services.people import commands, jobs, uploads
from services.people.commands import import_roster
from services.people.consumers import on
from services.people.models import Origin, Person, RosterImport
from services.people.roster import person_id, school_id
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.events.agreements import Contact
from shared.events.vocabulary import RoleName
from shared.identity import Actor
from tests.people.bundles import USERS, a_bundle, a_user, bundle_files
from tests.people.persons import NOW, OFFICE, a_stored_organization, a_stored_person, a_stored_school
from tests.people.test_jobs import settings_for
from tests.people.test_sign_in import code_in, key_in
from tests.support.builders import a_program, an_actor
from tests.support.clients import Client
from tests.support.events import deliver

API = "/people/api/v1"


async def send_letters(db: Database, instead: commands.Instead = commands.Instead()) -> list[commands.Letter]:
    async with db.transaction() as session:
        letters, _ = await commands.claim_letters(
            session, public_url="http://127.0.0.1:8000", minutes=10, instead=instead, now=utc_now()
        )
    return letters


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


# Sign-in


async def test_a_program_signs_in_with_the_code_and_gets_a_token(db_people: Database, client_people: Client) -> None:
    person = await a_stored_person(db_people)
    client = client_people(None)

    asked = await client.post(f"{API}/sign-in", json={"email": "dana@example.org"})
    (letter,) = await send_letters(db_people)
    answer = await client.post(f"{API}/sign-in/code", json={"ticket": asked.json()["ticket"], "code": code_in(letter)})
    me = await client.get(f"{API}/me", headers=bearer(answer.json()["token"]))

    assert (asked.status_code, answer.status_code) == (202, 200)
    assert me.json() == {
        "id": str(person.id),
        "name": "Dana Okafor",
        "language": "en",
        "roles": [{"name": "district_office", "scope_id": None}],
        "home": "/referrals/overview",
    }


async def test_signing_out_makes_the_token_worthless_at_once(db_people: Database, client_people: Client) -> None:
    await a_stored_person(db_people)
    client = client_people(None)
    await client.post(f"{API}/sign-in", json={"email": "dana@example.org"})
    (letter,) = await send_letters(db_people)
    signed_in = await client.post(f"{API}/sign-in/link", json={"key": key_in(letter)})
    headers = bearer(signed_in.json()["token"])

    assert [s["here"] for s in (await client.get(f"{API}/me/sessions", headers=headers)).json()] == [True]
    assert (await client.post(f"{API}/sign-out", headers=headers)).status_code == 204
    assert (await client.get(f"{API}/me", headers=headers)).status_code == 401


async def test_signing_out_everywhere_ends_the_other_token_too(db_people: Database, client_people: Client) -> None:
    await a_stored_person(db_people)
    client = client_people(None)
    tokens = []
    for _ in range(2):
        await client.post(f"{API}/sign-in", json={"email": "dana@example.org"})
        (letter,) = await send_letters(db_people)
        answer = await client.post(f"{API}/sign-in/link", json={"key": key_in(letter)})
        tokens.append(answer.json()["token"])

    await client.post(f"{API}/sign-out-everywhere", headers=bearer(tokens[0]))

    assert [(await client.get(f"{API}/me", headers=bearer(token))).status_code for token in tokens] == [401, 401]


async def test_of_two_people_with_one_address_the_program_chooses(db_people: Database, client_people: Client) -> None:
    for name in ("Marie", "Paul"):
        await a_stored_person(db_people, RoleName.GUARDIAN, new_id(), given_name=name)
    client = client_people(None)
    await client.post(f"{API}/sign-in", json={"email": "dana@example.org"})
    (letter,) = await send_letters(db_people)

    choice = (await client.post(f"{API}/sign-in/link", json={"key": key_in(letter)})).json()
    answer = await client.post(
        f"{API}/sign-in/person", json={"ticket": choice["ticket"], "person_id": choice["choose"][1]["id"]}
    )

    assert [who["name"] for who in choice["choose"]] == ["Marie Okafor", "Paul Okafor"]
    assert answer.json()["person"]["name"] == "Paul Okafor"


async def test_a_wrong_code_counts_even_though_it_is_refused(db_people: Database, client_people: Client) -> None:
    await a_stored_person(db_people)
    client = client_people(None)
    ticket = (await client.post(f"{API}/sign-in", json={"email": "dana@example.org"})).json()["ticket"]

    tries = [await client.post(f"{API}/sign-in/code", json={"ticket": ticket, "code": "no"}) for _ in range(6)]

    assert [answer.status_code for answer in tries] == [422] * 5 + [429]
    assert tries[-1].json()["code"] == "too_many_tries"


@pytest.mark.parametrize("email", ["dana@example.org", "nobody@example.org"])
async def test_too_many_requests_say_when_to_come_back(db_people: Database, client_people: Client, email: str) -> None:
    await a_stored_person(db_people)
    client = client_people(None)

    answers = [await client.post(f"{API}/sign-in", json={"email": email}) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 900


# Who may call


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/persons"),
        ("POST", "/persons"),
        ("DELETE", f"/persons/{new_id()}"),
        ("POST", f"/persons/{new_id()}/roles"),
        ("GET", "/schools"),
        ("POST", "/roster-imports"),
        ("GET", f"/roster-imports/{new_id()}/problems.csv"),
    ],
)
async def test_only_the_district_office_may_see_and_change_people(
    client_people: Client, method: str, path: str
) -> None:
    for actor in (an_actor(RoleName.SCHOOL_STAFF, new_id()), an_actor(RoleName.PARTNER_STAFF, new_id())):
        assert (await client_people(actor).request(method, f"{API}{path}", json={})).status_code == 403
    assert (await client_people(None).request(method, f"{API}{path}", json={})).status_code == 401


# Persons, schools, students


async def test_persons_are_found_by_words_of_name_and_address_without_accents(
    db_people: Database, client_people: Client
) -> None:
    await a_stored_person(db_people, given_name="Inés", family_name="Núñez", email="ines@example.org")
    await a_stored_person(db_people, given_name="Ines", family_name="Lee", email="lee@steps.example.org")
    client = client_people(OFFICE)

    async def names(q: str) -> list[str]:
        found = await client.get(f"{API}/persons", params={"q": q})
        return [item["family_name"] for item in found.json()["items"]]

    assert await names("ines") == ["Lee", "Núñez"]
    assert await names("NUÑ ine") == ["Núñez"]
    assert await names("steps.ex") == ["Lee"]
    assert await names("100%") == []


async def test_the_contact_of_two_programs_of_one_organization_has_its_role_once(
    db_people: Database, client_people: Client
) -> None:
    organization = await a_stored_organization(db_people)
    contact = Contact(name="Ana Reis", email="ana@steps.example.org")
    one, two = (a_program(organization_id=organization.id, contact=contact) for _ in range(2))
    await deliver(db_people, on, one, two)

    found = await client_people(OFFICE).get(f"{API}/persons", params={"q": "reis"})

    ((role,),) = [item["roles"] for item in found.json()["items"]]
    assert (role["name"], role["scope_name"], role["origin"]) == ("partner_staff", "City Steps", "program")


async def test_a_person_is_entered_given_a_role_and_erased(db_people: Database, client_people: Client) -> None:
    school, organization = await a_stored_school(db_people), await a_stored_organization(db_people)
    client = client_people(OFFICE)
    body = {
        "id": str(new_id()), "given_name": "Lee", "family_name": "Tran", "email": "lee@example.org",
        "role": {"name": "school_staff", "scope_id": str(school.id)},
    }  # fmt: skip

    entered = await client.post(f"{API}/persons", json=body)
    again = await client.post(f"{API}/persons", json=body)
    granted = await client.post(
        f"{API}/persons/{body['id']}/roles", json={"name": "partner_staff", "scope_id": str(organization.id)}
    )
    revoked = await client.request("DELETE", f"{API}/persons/{body['id']}/roles/school_staff?scope_id={school.id}")
    erased = await client.delete(f"{API}/persons/{body['id']}")
    gone = await client.get(f"{API}/persons/{body['id']}")

    assert (entered.status_code, again.json()) == (201, entered.json())
    assert {role["scope_name"] for role in granted.json()["roles"]} == {"North Elementary", "City Steps"}
    assert [role["name"] for role in revoked.json()["roles"]] == ["partner_staff"]
    assert (erased.status_code, gone.status_code) == (204, 404)


async def a_roster(db: Database, folder: Path) -> None:
    users = [*USERS, a_user("kim", orgSourcedIds="south")]
    await import_roster(db, a_bundle(folder, bundle_files(users)), actor=OFFICE, now=NOW)


async def test_staff_see_the_students_of_their_school_only(
    db_people: Database, client_people: Client, tmp_path: Path
) -> None:
    await a_roster(db_people, tmp_path)
    staff = an_actor(RoleName.SCHOOL_STAFF, school_id("north"))

    async def students(actor: Actor, **params: Any) -> list[str]:
        found = await client_people(actor).get(f"{API}/students", params=params)
        return [item["name"] for item in found.json()["items"]]

    assert await students(staff) == ["Jean Baptiste", "Lea Baptiste"]
    assert await students(staff, grade="02") == ["Lea Baptiste"]
    assert await students(staff, school_id=str(school_id("south"))) == []
    assert await students(OFFICE, school_id=str(school_id("south"))) == ["Kim Baptiste"]


async def test_a_student_comes_with_the_guardians_and_their_languages(
    db_people: Database, client_people: Client, tmp_path: Path
) -> None:
    await a_roster(db_people, tmp_path)

    found = await client_people(OFFICE).get(f"{API}/students", params={"q": "jean"})

    assert found.json()["items"][0]["guardians"] == [
        {"id": str(person_id("mother")), "name": "Mother Baptiste", "language": "ht", "reachable": True}
    ]


async def test_schools_say_how_many_people_they_have(
    db_people: Database, client_people: Client, tmp_path: Path
) -> None:
    await a_roster(db_people, tmp_path)

    found = await client_people(OFFICE).get(f"{API}/schools", params={"q": "north"})

    (school,) = found.json()["items"]
    assert (school["name"], school["students"], school["staff"]) == ("North Elementary", 2, 1)


# Roster imports


async def test_a_roster_is_uploaded_checked_and_applied_over_the_api(
    db_people: Database, client_people: Client, postgres: str, data_dir: Path, tmp_path: Path
) -> None:
    client, settings = client_people(OFFICE), settings_for(postgres, data_dir)
    body = a_bundle(tmp_path).read_bytes()

    uploaded = await client.post(f"{API}/roster-imports", params={"file_name": "fall.zip"}, content=body)
    path = f"{API}/roster-imports/{uploaded.json()['id']}"
    early = await client.post(f"{path}/apply")
    await jobs.work_on_imports(db_people, settings, utc_now())
    checked = (await client.get(path)).json()
    approved = await client.post(f"{path}/apply")
    await jobs.work_on_imports(db_people, settings, utc_now())
    applied = (await client.get(path)).json()

    assert (uploaded.status_code, uploaded.json()["state"]) == (202, "uploaded")
    assert (early.status_code, early.json()["code"]) == (409, "import_not_ready")
    assert (checked["state"], checked["added"]) == ("checked", 6)
    assert (approved.status_code, applied["state"]) == (202, "applied")
    assert [item["id"] for item in (await client.get(f"{API}/roster-imports")).json()["items"]] == [applied["id"]]


async def test_the_report_names_every_bad_line_also_as_csv_without_formulas(
    db_people: Database, client_people: Client, postgres: str, data_dir: Path, tmp_path: Path
) -> None:
    users = [*USERS, a_user("kim", grades="=cmd()"), a_user("bo", agentSourcedIds="nobody")]
    client = client_people(OFFICE)
    body = a_bundle(tmp_path, bundle_files(users)).read_bytes()
    id = (await client.post(f"{API}/roster-imports", content=body)).json()["id"]
    await jobs.work_on_imports(db_people, settings_for(postgres, data_dir), utc_now())

    report = (await client.get(f"{API}/roster-imports/{id}/problems")).json()
    download = await client.get(f"{API}/roster-imports/{id}/problems.csv")

    assert [(p["line"], p["column"], p["value"]) for p in report["items"]] == [
        (6, "grades", "=cmd()"),
        (7, "agentSourcedIds", "nobody"),
    ]
    rows = list(csv.DictReader(io.StringIO(download.text.removeprefix("\ufeff"))))
    assert [row["value"] for row in rows] == ["'=cmd()", "nobody"]
    assert "attachment" in download.headers["content-disposition"]


async def test_an_upload_of_200_mb_is_refused_and_nothing_of_it_stays(
    db_people: Database, client_people: Client, postgres: str, data_dir: Path
) -> None:
    async def megabytes(count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield b"\0" * 1_000_000

    client = client_people(OFFICE)
    declared = await client.post(
        f"{API}/roster-imports", content=megabytes(200), headers={"content-length": "200000000"}
    )
    undeclared = await client.post(f"{API}/roster-imports", content=megabytes(110))

    for answer in (declared, undeclared):
        assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")
        assert "larger than 100 MB" in answer.json()["detail"]
    assert list(settings_for(postgres, data_dir).uploads_dir.glob("*")) == []
    async with db_people.transaction() as session:
        assert (await session.exec(select(RosterImport))).all() == []


async def test_an_upload_sent_twice_is_one_import(
    db_people: Database, client_people: Client, postgres: str, data_dir: Path, tmp_path: Path
) -> None:
    client, id = client_people(OFFICE), new_id()
    first, second = a_bundle(tmp_path).read_bytes(), b"something else"

    answers = [
        await client.post(f"{API}/roster-imports", params={"id": str(id)}, content=body) for body in (first, second)
    ]

    assert [answer.status_code for answer in answers] == [202, 202]
    path = uploads.path_of(settings_for(postgres, data_dir), id)
    assert path.read_bytes() == first
    path.unlink()


async def test_an_empty_upload_is_refused(db_people: Database, client_people: Client) -> None:
    answer = await client_people(OFFICE).post(f"{API}/roster-imports", content=b"")

    assert (answer.status_code, answer.json()["fields"]) == (422, {"file": "Choose the zip file of the roster."})


async def test_a_checked_roster_can_be_put_away(
    db_people: Database, client_people: Client, postgres: str, data_dir: Path, tmp_path: Path
) -> None:
    client, settings = client_people(OFFICE), settings_for(postgres, data_dir)
    id = (await client.post(f"{API}/roster-imports", content=a_bundle(tmp_path).read_bytes())).json()["id"]
    await jobs.work_on_imports(db_people, settings, utc_now())

    discarded = await client.post(f"{API}/roster-imports/{id}/discard")
    applied = await client.post(f"{API}/roster-imports/{id}/apply")

    assert discarded.json()["state"] == "discarded"
    assert applied.status_code == 409
    assert not list(settings.uploads_dir.glob("*.zip"))


async def test_the_api_describes_itself(client_people: Client) -> None:
    document = (await client_people(None).get("/people/openapi.json")).json()

    assert f"{API}/sign-in/code" in document["paths"]
    assert f"{API}/roster-imports" in document["paths"]


async def test_an_id_that_is_none_is_refused_with_words(client_people: Client) -> None:
    answer: httpx.Response = await client_people(OFFICE).get(f"{API}/persons/%25")

    assert answer.status_code == 422


async def test_a_guardian_is_found_with_the_childs_name_at_the_role(
    db_people: Database, client_people: Client, tmp_path: Path
) -> None:
    await a_roster(db_people, tmp_path)

    found = await client_people(OFFICE).get(f"{API}/persons", params={"role": "guardian"})

    (mother,) = found.json()["items"]
    assert {role["scope_name"] for role in mother["roles"]} == {"Jean Baptiste", "Lea Baptiste", "Kim Baptiste"}
    assert {role["origin"] for role in mother["roles"]} == {Origin.ROSTER}
    async with db_people.transaction() as session:
        assert await session.get(Person, person_id("mother"))
