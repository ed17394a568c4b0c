"""The language that somebody chose goes before what the roster says."""

from uuid import UUID

from services.people.consumers import on
from services.people.roster import person_id
from shared.clock import new_id
from shared.db import Database
from shared.events.notifications import PreferencesChanged
from tests.people.importer import Importer
from tests.people.persons import a_stored_person
from tests.people.test_api import API, bearer, send_letters
from tests.people.test_sign_in import code_in
from tests.support.clients import Client
from tests.support.events import deliver


def wish(person_id: UUID, language: str) -> PreferencesChanged:
    return PreferencesChanged(person_id=person_id, language=language, by_email=True)


async def test_the_mail_and_the_session_speak_the_language_that_was_chosen(
    db_people: Database, client_people: Client
) -> None:
    person = await a_stored_person(db_people, language="ht")
    client = client_people(None)

    await deliver(db_people, on, wish(person.id, "es"), wish(new_id(), "fr"), twice=True)
    asked = await client.post(f"{API}/sign-in", json={"email": "dana@example.org"})
    (letter,) = await send_letters(db_people)
    answer = await client.post(f"{API}/sign-in/code", json={"ticket": asked.json()["ticket"], "code": code_in(letter)})
    me = await client.get(f"{API}/me", headers=bearer(answer.json()["token"]))

    assert (letter.mail.language, me.json()["language"]) == ("es", "es")


async def test_the_next_roster_leaves_the_choice_as_it_is(roster: Importer) -> None:
    await roster()
    await deliver(roster.db, on, wish(person_id("mother"), "es"))

    await roster()

    mother = await roster.person("mother")
    assert (mother.language, mother.reads) == ("ht", "es")
