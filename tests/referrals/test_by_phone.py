"""A program where nobody can answer here: the school calls, and records what they say."""

from typing import Any

import pytest

from services.referrals.rules import AttemptState, ReferralState, Verb
from shared.events.agreements import Contact, ProgramChanged
from shared.events.vocabulary import Need, RoleName
from shared.refusals import Kind
from tests.referrals.test_pages import at_programs, refer_form
from tests.referrals.world import World, person_of
from tests.support.builders import a_program, an_actor
from tests.support.clients import Client

A, R = AttemptState, ReferralState
CALL = "Cannot answer here; call (617) 555-0123"


async def by_phone(world: World, **changes: Any) -> ProgramChanged:
    """A program whose only contact is a telephone."""
    contact = Contact(name="Eva Lima", email=None, phone="+16175550123")
    program = a_program(name="Art Room", organization_name="Old Mill", contact=contact, **changes)
    await world.hear(program)
    return program


async def fitting(world: World, client_referrals: Client) -> list[dict[str, Any]]:
    address = f"/referrals/api/v1/students/{world.student.person_id}/programs?need={Need.ACADEMIC.value}"
    found: list[dict[str, Any]] = (await client_referrals(world.staff).get(address)).json()
    return found


async def test_a_program_with_only_a_telephone_says_so_and_comes_after_those_that_can_answer(
    world: World, client_referrals: Client
) -> None:
    await by_phone(world, school_ids=(world.school.school_id,))

    found = await fitting(world, client_referrals)

    assert [fit["name"] for fit in found if fit["fits"]][-1] == "Art Room"
    assert CALL in found[-1]["reasons"]
    assert [fit["answers_here"] for fit in found] == [True, True, False]


@pytest.mark.parametrize(("active", "answers"), [(True, True), (False, False)])
async def test_a_partner_account_that_is_open_can_answer_without_the_contact_s_e_mail(
    world: World, client_referrals: Client, active: bool, answers: bool
) -> None:
    program = await by_phone(world)
    their = an_actor(RoleName.PARTNER_STAFF, program.organization_id, name="Eva Lima")
    await world.hear(person_of(their, active=active))

    found = await fitting(world, client_referrals)

    assert {fit["name"]: fit["answers_here"] for fit in found}["Art Room"] is answers


async def test_before_and_after_sending_the_pages_say_whom_to_call(world: World, client_referrals: Client) -> None:
    program = await by_phone(world)
    client = client_referrals(world.staff)
    step = await at_programs(client, world)

    chosen = (await client.post("/referrals/new", data=refer_form(step, go=f"add:{program.program_id}"))).text
    sent = await client.post("/referrals/new", data=refer_form(chosen, go="send"))
    after = (await client.get(sent.headers["location"])).text

    assert CALL in chosen.split("Add another one")[0]
    assert "They get no message." in chosen
    assert "Now call Old Mill" in after
    assert 'Call them: <a href="tel:+16175550123">(617) 555-0123</a> (Eva Lima).' in after
    assert "has the referral" not in after
    assert "Old Mill answers" not in after


async def test_the_school_records_a_decline_by_phone_and_the_next_choice_is_asked_by_itself(
    world: World, client_referrals: Client
) -> None:
    program = await by_phone(world)
    id = await world.submit(program_ids=(program.program_id, world.program.program_id))
    client = client_referrals(world.staff)

    page = (await client.get(f"/referrals/{id}")).text
    version = (await world.referral(id)).version
    form = {"verb": "decline", "version": version, "reason": "no_capacity"}
    done = await client.post(f"/referrals/{id}", data=form)

    assert "Record that they decline" in page
    assert done.status_code == 303
    assert await world.attempts(id) == [A.DECLINED, A.SENT]
    after = (await client.get(f"/referrals/{id}")).text
    assert "Declined by Art Room, Old Mill: no place free (told by telephone)" in after
    assert "Record that they decline" not in after


async def test_the_timeline_names_who_recorded_the_answer_by_phone_and_when(
    world: World, client_referrals: Client
) -> None:
    id = await world.submit(program_ids=((await by_phone(world)).program_id,))

    for verb in (Verb.WAITLIST, Verb.ACCEPT):
        await world.answer(id, verb, actor=world.staff)

    found = (await client_referrals(world.staff).get(f"/referrals/api/v1/referrals/{id}")).json()
    told = [(item["title"], item["who"]) for item in found["timeline"] if "telephone" in item["title"]]
    assert told == [
        ("Accepted by Art Room, Old Mill (told by telephone)", "Dana Okafor"),
        ("On the waiting list of Art Room, Old Mill (told by telephone)", "Dana Okafor"),
        ("Seen by Art Room, Old Mill, who will answer (told by telephone)", "Dana Okafor"),
    ]
    assert all(item["at"] for item in found["timeline"])
    assert await world.state(id) is R.ACCEPTED


async def test_where_the_partner_can_answer_the_school_cannot_answer_for_it(world: World) -> None:
    program = await by_phone(world)
    id = await world.submit(program_ids=(program.program_id, world.program.program_id))
    await world.answer(id, Verb.DECLINE, actor=world.staff)

    refused = await world.refused("acknowledge", id, actor=world.staff)

    assert refused.kind is Kind.FORBIDDEN
    assert await world.attempts(id) == [A.DECLINED, A.SENT]


async def test_nobody_but_the_referral_s_school_and_the_district_answers_for_who_is_called(world: World) -> None:
    id = await world.submit(program_ids=((await by_phone(world)).program_id,))

    family = await world.refused("acknowledge", id, actor=world.guardian)
    stranger = await world.refused("acknowledge", id, actor=world.another_school_s())
    await world.move("acknowledge", id, actor=world.district)

    assert (family.kind, stranger.kind) == (Kind.FORBIDDEN, Kind.NOT_FOUND)
    assert await world.attempts(id) == [A.ACKNOWLEDGED]
