"""The pages of school staff, partners and the district: what they show, and forms that go wrong."""

import re
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.referrals.rules import Verb
from shared.clock import new_id
from shared.events.vocabulary import DeclineReason, RoleName
from tests.referrals.world import World, closed
from tests.support.builders import a_program, a_school, a_student, an_actor
from tests.support.clients import Client


def refer_form(page: str, **changes: Any) -> dict[str, Any]:
    """The form of the four steps as a browser would send it."""
    start = page.index('<form method="post" action="/referrals/new"')
    fields: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page[start:]):
        fields.setdefault(name, []).append(value)
    return fields | changes


CONSENT = {"consent": "record", "method": "phone", "given_on": "2026-11-20", "valid_until": ""}


async def at_programs(client: httpx.AsyncClient, world: World, **consent: str) -> str:
    """The last step, with a student, a need and a consent entered."""
    page = (await client.get(f"/referrals/new?student={world.student.person_id}")).text
    page = (await client.post("/referrals/new", data=refer_form(page, need="academic", words="Likes maths"))).text
    entered = CONSENT | {"guardian": str(world.mother.person_id)} | consent
    return (await client.post("/referrals/new", data=refer_form(page, **entered))).text


async def test_a_student_is_referred_in_four_steps_without_javascript(world: World, client_referrals: Client) -> None:
    client = client_referrals(world.staff)

    found = (await client.post("/referrals/new", data={"q": "jea", "go": "search"})).text
    need = await client.post("/referrals/new", data=refer_form(found, go=f"pick:{world.student.person_id}"))
    consent = await client.post("/referrals/new", data=refer_form(need.text, need="academic", words="Likes maths"))
    entered = CONSENT | {"guardian": str(world.mother.person_id)}
    programs = await client.post("/referrals/new", data=refer_form(consent.text, **entered))
    one = await client.post("/referrals/new", data=refer_form(programs.text, go=f"add:{world.second.program_id}"))
    two = await client.post("/referrals/new", data=refer_form(one.text, go=f"add:{world.program.program_id}"))
    turned = await client.post("/referrals/new", data=refer_form(two.text, go=f"up:{world.program.program_id}"))
    sent = await client.post("/referrals/new", data=refer_form(turned.text, go="send"))

    assert "What does Jean Joseph need?" in need.text
    assert "Does the family agree?" in consent.text
    assert "Speaks Haitian Creole, the family&#39;s language" in programs.text
    assert "Send to Harbor Tutors" in two.text
    assert "Send to City Steps" in turned.text
    assert sent.status_code == 303
    after = (await client.get(sent.headers["location"])).text
    assert "Sent to City Steps" in after
    assert "Ana Reis" in after
    assert "Haitian Creole" in after
    id = UUID(sent.headers["location"].split("/")[2])
    assert (await world.referral(id)).words == "Likes maths"


async def test_a_form_sent_twice_leads_to_the_same_page(world: World, client_referrals: Client) -> None:
    client = client_referrals(world.staff)
    page = await at_programs(client, world)
    page = (await client.post("/referrals/new", data=refer_form(page, go=f"add:{world.program.program_id}"))).text

    answers = [await client.post("/referrals/new", data=refer_form(page, go="send")) for _ in range(2)]

    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert (await world.told()).count("submitted") == 1


async def test_what_is_missing_is_said_beside_the_field_and_nothing_entered_is_lost(
    world: World, client_referrals: Client
) -> None:
    client = client_referrals(world.staff)
    page = (await client.get(f"/referrals/new?student={world.student.person_id}")).text

    no_need = await client.post("/referrals/new", data=refer_form(page, words="Likes maths"))
    page = (await client.post("/referrals/new", data=refer_form(page, need="food", words="Likes maths"))).text
    no_way = await client.post("/referrals/new", data=refer_form(page))
    half = await client.post("/referrals/new", data=refer_form(page, consent="record", given_on="31/12/2026"))

    assert (no_need.status_code, no_way.status_code, half.status_code) == (422, 422, 422)
    assert "Choose what the student needs help with." in no_need.text
    assert "Likes maths" in no_need.text
    assert "Choose how the family&#39;s consent comes about." in no_way.text
    for words in ("Choose who agreed.", "Choose how the family agreed.", "Enter the day on which the family agreed."):
        assert words in half.text
    assert "31/12/2026" in half.text
    assert "Likes maths" in half.text


async def test_a_consent_that_cannot_stand_leads_back_to_its_step(world: World, client_referrals: Client) -> None:
    client = client_referrals(world.staff)
    page = await at_programs(client, world, given_on="2031-01-01")
    page = (await client.post("/referrals/new", data=refer_form(page, go=f"add:{world.program.program_id}"))).text

    refused = await client.post("/referrals/new", data=refer_form(page, go="send"))

    assert refused.status_code == 422
    assert "Does the family agree?" in refused.text
    assert "The day of the consent lies ahead" in refused.text
    assert str(world.program.program_id) in refused.text
    assert await world.told() == []


async def test_a_program_that_closed_a_second_ago_is_said_and_all_that_was_entered_stays(
    world: World, client_referrals: Client
) -> None:
    client = client_referrals(world.staff)
    page = await at_programs(client, world)
    page = (await client.post("/referrals/new", data=refer_form(page, go=f"add:{world.program.program_id}"))).text
    await world.hear(closed(world.program))

    refused = await client.post("/referrals/new", data=refer_form(page, go="send"))

    assert refused.status_code == 409
    assert "Homework Club of City Steps takes no referrals any more" in refused.text
    assert "Likes maths" in refused.text
    assert "Evening Tutors" in refused.text
    assert await world.told() == []


async def test_an_open_referral_for_the_same_need_is_shown_before_sending(
    world: World, client_referrals: Client
) -> None:
    client = client_referrals(world.staff)
    earlier = await world.submit()
    page = await at_programs(client, world, consent="existing")
    page = (await client.post("/referrals/new", data=refer_form(page, go=f"add:{world.program.program_id}"))).text

    refused = await client.post("/referrals/new", data=refer_form(page, go="send"))
    meant = refer_form(refused.text, go="send", even_though_duplicate="true")
    sent = await client.post("/referrals/new", data=meant)

    assert f"/referrals/{earlier}" in page
    assert refused.status_code == 409
    assert sent.status_code == 303


async def test_an_open_referral_of_the_school_before_is_said_without_showing_it(
    world: World, client_referrals: Client
) -> None:
    # given a student with an open referral who changes the school
    earlier = await world.submit()
    school = a_school(name="Bay Middle School")
    await world.hear(school, world.student.model_copy(update={"school_id": school.school_id}))
    client = client_referrals(an_actor(RoleName.SCHOOL_STAFF, school.school_id, name="Sam Other"))
    page = await at_programs(client, world, consent="existing")
    page = (await client.post("/referrals/new", data=refer_form(page, go=f"add:{world.program.program_id}"))).text

    refused = await client.post("/referrals/new", data=refer_form(page, go="send"))
    meant = refer_form(refused.text, go="send", even_though_duplicate="true")
    sent = await client.post("/referrals/new", data=meant)

    assert "The school where this student was before has an open referral" in page
    assert str(earlier) not in page
    assert (refused.status_code, sent.status_code) == (409, 303)


async def test_the_family_can_be_asked_by_message(world: World, client_referrals: Client) -> None:
    client = client_referrals(world.staff)
    page = await at_programs(client, world, consent="ask")
    page = (await client.post("/referrals/new", data=refer_form(page, go=f"add:{world.program.program_id}"))).text

    sent = await client.post("/referrals/new", data=refer_form(page, go="send"))

    assert "Ask the family, then send to City Steps" in page
    assert "Nothing has been shared yet" in (await client.get(sent.headers["location"])).text


async def test_who_comes_from_a_program_finds_it_chosen_and_why_it_may_not_fit(
    world: World, client_referrals: Client
) -> None:
    client = client_referrals(world.staff)
    far = a_program(name="Night Kitchen", needs=("food",))
    await world.hear(far)

    page = (await client.get(f"/referrals/new?student={world.student.person_id}&program={far.program_id}")).text
    page = (await client.post("/referrals/new", data=refer_form(page, need="academic"))).text
    page = (await client.post("/referrals/new", data=refer_form(page, consent="ask"))).text

    assert "1. Night Kitchen" in page
    assert "Does not offer: Help with school work" in page


async def test_today_shows_what_waits_worst_first(world: World, client_referrals: Client) -> None:
    client = client_referrals(world.staff)
    empty = (await client.get("/referrals/today")).text
    overdue = await world.submit()
    returned = await world.submit(even_though_duplicate=True, program_ids=(world.program.program_id,))
    asked = await world.submit(even_though_duplicate=True, consent=None, need="food")
    await world.answer(returned, Verb.DECLINE)
    async with world.db.transaction() as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "UPDATE attempt SET answer_by = now() - interval '1 hour' WHERE state = 'sent'"
        )

    page = (await client.get("/referrals/today")).text

    assert "Nothing waits" in empty
    places = [page.index(str(id)) for id in (overdue, returned, asked)]
    assert places == sorted(places)
    assert page.index("Answer overdue") < page.index("Came back") < page.index("Waits for the family")


async def test_who_answers_too_late_sees_on_the_page_who_answered_what(world: World, client_referrals: Client) -> None:
    id = await world.submit()
    version = (await world.referral(id)).version
    await world.answer(id, Verb.ACCEPT)

    late = await client_referrals(world.colleague).post(
        f"/referrals/{id}", data={"verb": "decline", "version": version, "reason": "no_capacity"}
    )

    assert late.status_code == 409
    assert "Ana Reis accepted this referral" in late.text
    assert "Record the outcome" in late.text


async def test_a_move_on_a_referral_s_page_shows_the_page_anew(world: World, client_referrals: Client) -> None:
    id = await world.submit(consent=None)
    client = client_referrals(world.staff)
    version = (await world.referral(id)).version
    consent = {"guardian": str(world.mother.person_id), "method": "phone", "given_on": "2026-11-20"}

    half = await client.post(f"/referrals/{id}", data={"verb": "give_consent", "version": version, "method": "phone"})
    whole = await client.post(f"/referrals/{id}", data={"verb": "give_consent", "version": version} | consent)

    assert half.status_code == 422
    assert "Choose who agreed." in half.text
    assert (whole.status_code, whole.headers["location"]) == (303, f"/referrals/{id}")
    assert await world.state(id) == "open"


async def test_the_school_cannot_send_without_saying_who_agreed(world: World, client_referrals: Client) -> None:
    id = await world.submit(consent=None)

    bare = await client_referrals(world.staff).post(f"/referrals/{id}", data={"verb": "give_consent"})

    assert bare.status_code == 422
    assert await world.state(id) == "awaiting_consent"


async def test_a_returned_referral_goes_out_again_from_its_page(world: World, client_referrals: Client) -> None:
    id = await world.submit(program_ids=(world.program.program_id,))
    await world.answer(id, Verb.DECLINE)
    client = client_referrals(world.staff)

    page = (await client.get(f"/referrals/{id}")).text
    choose = (await client.get(f"/referrals/{id}/choose")).text
    form = {"version": (await world.referral(id)).version, "program_ids": []}
    added = await client.post(f"/referrals/{id}/choose", data=form | {"go": f"add:{world.second.program_id}"})
    form["program_ids"] = [str(world.second.program_id)]
    none = await client.post(f"/referrals/{id}/choose", data=form | {"program_ids": [], "go": "send"})
    sent = await client.post(f"/referrals/{id}/choose", data=form | {"go": "send"})

    assert f"/referrals/{id}/choose" in page
    assert "Evening Tutors" in choose
    assert "Homework Club" not in choose
    assert "Send to Harbor Tutors" in added.text
    assert (none.status_code, sent.status_code) == (422, 303)
    assert await world.state(id) == "open"


async def test_the_timeline_says_what_happened_and_what_is_closed_says_why(
    world: World, client_referrals: Client
) -> None:
    id = await world.submit()
    await world.answer(id, Verb.DECLINE, reason=DeclineReason.NO_CAPACITY, words="Full until spring")

    page = (await client_referrals(world.staff).get(f"/referrals/{id}")).text

    for words in ("Sent to Evening Tutors", "Declined by Homework Club", "no place free", "Full until spring"):
        assert words in page
    assert "Programs can be added when no choice is left." in page


async def test_the_list_is_exported_without_running_as_a_formula(world: World, client_referrals: Client) -> None:
    evil = a_student(world.school.school_id, given_name="=HYPERLINK(1)", guardian_ids=(world.mother.person_id,))
    await world.hear(evil)
    await world.submit(student_id=evil.person_id)
    await world.submit()

    answer = await client_referrals(world.staff).get("/referrals/export.csv?q=hyper")

    lines = answer.text.splitlines()
    assert answer.headers["content-type"].startswith("text/csv")
    assert len(lines) == 2
    assert "'=HYPERLINK(1)" in lines[1]


@pytest.mark.parametrize("path", ["", "/sent", "/choose"])
async def test_another_school_s_referral_is_not_found_at_any_address(
    world: World, client_referrals: Client, path: str
) -> None:
    id = await world.submit()

    answer = await client_referrals(world.another_school_s()).get(f"/referrals/{id}{path}")

    assert answer.status_code == 404
    assert "Jean" not in answer.text


async def test_a_student_s_page_shows_referrals_and_consents(world: World, client_referrals: Client) -> None:
    await world.submit()
    client = client_referrals(world.staff)

    page = (await client.get(f"/referrals/students/{world.student.person_id}")).text
    found = (await client.get("/referrals/students?q=JOS")).text
    none = (await client.get("/referrals/students?q=zzz")).text
    hidden = await client_referrals(world.another_school_s()).get(f"/referrals/students/{world.student.person_id}")

    assert "Help with school work" in page
    assert "by phone" in page
    assert "(617) 555-0123" in page
    assert "Jean Joseph" in found
    assert "No student has this name" in none
    assert hidden.status_code == 404


async def test_the_district_s_pages_show_all_schools(world: World, client_referrals: Client) -> None:
    id = await world.submit()
    client = client_referrals(world.district)

    overview = await client.get("/referrals/overview")
    listed = await client.get("/referrals")
    referral = await client.get(f"/referrals/{id}")

    assert overview.status_code == 200
    assert f'href="/audit?thing={id}"' in referral.text
    assert "Harbor View Elementary" in listed.text
    assert (await client_referrals(world.staff).get("/referrals/overview")).status_code == 403


async def test_who_is_not_signed_in_is_led_to_signing_in(world: World, client_referrals: Client) -> None:
    id = await world.submit()
    client = client_referrals(None)

    for path in ("", "/today", "/new", "/inbox", "/family", "/students", f"/{id}"):
        answer = await client.get(f"/referrals{path}")
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in?next=")


async def test_an_address_that_names_nothing_is_not_found(world: World, client_referrals: Client) -> None:
    answer = await client_referrals(world.staff).get(f"/referrals/{new_id()}")

    assert answer.status_code == 404


@pytest.mark.parametrize("who", ["staff", "partner"])
async def test_a_filter_for_a_state_that_does_not_exist_is_refused_and_says_so(
    world: World, client_referrals: Client, who: str
) -> None:
    await world.submit()
    client = client_referrals(getattr(world, who))

    page, api = [await client.get(f"/referrals{at}?state=nope") for at in ("", "/api/v1/referrals")]

    assert (page.status_code, api.status_code) == (422, 422)
    assert "There is no such state." in page.text
    assert api.json()["code"] == "no_such_state"


async def test_the_reasons_why_a_program_fits_stay_once_it_is_chosen(world: World, client_referrals: Client) -> None:
    client = client_referrals(world.staff)
    step = await at_programs(client, world)

    chosen = await client.post("/referrals/new", data=refer_form(step, go=f"add:{world.program.program_id}"))

    chosen_part, others = chosen.text.split("Add another one")
    assert "Speaks Haitian Creole, the family&#39;s language" in chosen_part
    assert "Evening Tutors" in others
