"""Somebody who plays two parts sees of each referral what the part played in it shows, and no more."""

from typing import Any

import pytest

from services.referrals.rules import Verb
from shared.events.base import Role
from shared.events.vocabulary import RoleName
from shared.identity import Actor
from tests.referrals.world import World, person_of
from tests.support.builders import a_person, a_school, an_actor
from tests.support.clients import Client

API = "/referrals/api/v1"


def both(first: Actor, second: Actor) -> Actor:
    """The first person, with the other's roles besides."""
    return Actor(
        person_id=first.person_id, name=first.name, roles=(*first.roles, *second.roles), session_id=first.session_id
    )


async def read(client_referrals: Client, actor: Actor, path: str) -> Any:
    answer = await client_referrals(actor).get(f"{API}{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_partner_s_employee_whose_child_it_is_sees_no_more_of_the_partner_s_side(
    world: World, client_referrals: Client
) -> None:
    father = a_person(given_name="Paul", family_name="Joseph", language="ht")
    guardians = (world.mother.person_id, father.person_id)
    await world.hear(father, world.student.model_copy(update={"guardian_ids": guardians}))
    parent = an_actor(RoleName.GUARDIAN, world.student.person_id, person_id=father.person_id, name="Paul Joseph")
    id = await world.submit()

    seen = await read(client_referrals, both(parent, world.partner), f"/referrals/{id}")

    assert (seen["student"], seen["guardians"]) == ("Jean Joseph", [])
    assert "once you accept" in seen["held_back"]
    assert [attempt["program"] for attempt in seen["attempts"]] == ["Homework Club"]
    assert "Evening Tutors" not in str(seen)


@pytest.fixture
async def at_another_school(world: World) -> Actor:
    """Somebody of another school who also works for the partner of the first choice."""
    school = a_school(name="Bay Middle School")
    teacher = an_actor(RoleName.SCHOOL_STAFF, school.school_id, name="Sam Other")
    teacher = both(teacher, world.partner)
    await world.hear(school, person_of(teacher))
    return teacher


async def test_a_teacher_elsewhere_who_works_for_the_partner_reads_lists_as_the_partner(
    world: World, client_referrals: Client, at_another_school: Actor
) -> None:
    id = await world.submit()
    waiting = await read(client_referrals, at_another_school, "/referrals")
    await world.answer(id, Verb.DECLINE)

    after = await read(client_referrals, at_another_school, "/referrals")
    table = (await client_referrals(at_another_school).get("/referrals/export.csv")).text

    assert [(one["student"], one["program"]) for one in waiting["items"]] == [("Jean Joseph", "Homework Club")]
    assert [(one["student"], one["program"]) for one in after["items"]] == [("A student", "Homework Club")]
    assert after["total"] == 1
    assert "Joseph" not in table
    assert "Evening Tutors" not in table


async def test_the_same_person_reads_the_own_school_s_referrals_whole(
    world: World, client_referrals: Client, at_another_school: Actor
) -> None:
    here = Actor(
        person_id=at_another_school.person_id,
        name=at_another_school.name,
        roles=(Role(name=RoleName.SCHOOL_STAFF, scope_id=world.school.school_id), *world.partner.roles),
        session_id=at_another_school.session_id,
    )
    waiting = await world.submit(consent=None)
    declined = await world.submit(even_though_duplicate=True)
    await world.answer(declined, Verb.DECLINE)

    seen = await read(client_referrals, here, "/referrals")

    shown = {one["id"]: (one["student"], one["program"]) for one in seen["items"]}
    assert shown == {str(waiting): ("Jean Joseph", ""), str(declined): ("Jean Joseph", "Evening Tutors")}
