"""Links and demo after another roster came in: somebody who is there, or a sentence why not."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from deploy.demo_district import roster as demo
from deploy.demo_district.stories import COUNSELOR
from deploy.links import sign_in_links
from deploy.play import cast
from deploy.trouble import Trouble
from services.people.commands import SignedInAs, import_roster
from services.people.models import Origin
from shared.clock import new_id
from shared.db import Database
from shared.events.vocabulary import RoleName
from tests.people.bundles import a_bundle
from tests.people.persons import NOW, OFFICE, stored
from tests.people.test_sign_in import by_link
from tests.support.clients import Client


async def offers(session: AsyncSession, **personas: str) -> dict[str, str]:
    named = {role.replace("_", " "): id for role, id in personas.items()}
    return dict(await sign_in_links(session, named, public_url="http://127.0.0.1:8000", now=NOW))


async def test_the_person_of_the_demo_is_taken_while_active(session_people: AsyncSession) -> None:
    await stored(session_people, RoleName.SCHOOL_STAFF, new_id(), given_name="Ana", family_name="Abel")
    grace = await stored(session_people, RoleName.SCHOOL_STAFF, new_id(), given_name="Grace", family_name="Lindqvist")

    assert "School staff, Grace Lindqvist" in await offers(session_people, School_staff=str(grace.id))

    grace.active = False
    await session_people.flush()
    assert "School staff, Ana Abel" in await offers(session_people, School_staff=str(grace.id))


async def test_the_link_of_somebody_without_an_address_signs_in(session_people: AsyncSession) -> None:
    guardian = await stored(session_people, RoleName.GUARDIAN, new_id(), email=None, origin=Origin.ROSTER)

    (link,) = [link for who, link in (await offers(session_people)).items() if who == "Family, Dana Okafor"]

    signed_in = await by_link(session_people, parse_qs(urlsplit(link).query)["key"][0])
    assert isinstance(signed_in, SignedInAs)
    assert guardian.email is None


async def test_a_role_that_nobody_has_says_why(session_people: AsyncSession) -> None:
    await stored(session_people)

    found = await offers(session_people)

    assert list(found) == ["District office, Dana Okafor", "School staff", "Partner", "Family"]
    assert "names nobody who works at a school" in found["School staff"]
    assert "names no guardians" in found["Family"]


async def test_who_plays_in_the_demo_is_missed_once_another_roster_came(
    db_people: Database, client_people: Client, tmp_path: Path
) -> None:
    office = client_people(OFFICE)
    child = cast.children("school-06")[0]
    wanted = {cast.staff_email(COUNSELOR): "school_staff", child.name: "student", child.guardian_email: "guardian"}

    async def get(path: str, **query: str) -> object:
        return (await office.get(path, params=query)).json()

    await import_roster(db_people, demo.write(tmp_path / "demo"), actor=OFFICE, now=NOW)
    before = await cast.missing(get, wanted)
    await import_roster(db_people, a_bundle(tmp_path), actor=OFFICE, now=NOW, many_may_leave=True)
    after = await cast.missing(get, wanted)

    assert before == []
    assert after == list(wanted)


def test_without_two_partners_of_the_demo_there_is_no_play() -> None:
    one = {"fits": True, "organization": "Casa Abierta", "organization_id": "1"}
    foreign = {"fits": True, "organization": "Somebody Else", "organization_id": "2"}

    with pytest.raises(Trouble, match="crosswalk up --data demo"):
        cast.two_choices([foreign, one])
