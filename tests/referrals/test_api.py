"""The JSON API: everything that pages do, for programs; and what it refuses."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from services.referrals.rules import Verb
from shared.clock import new_id
from shared.events.vocabulary import RoleName
from shared.identity import Actor
from tests.referrals.world import World, closed
from tests.support.builders import an_actor
from tests.support.clients import Client

API = "/referrals/api/v1"


def body(world: World, **changes: Any) -> dict[str, Any]:
    """A referral to be sent, with the mother's consent by phone."""
    submission = world.submission(**changes)
    consent = submission.consent
    return {
        "id": str(submission.referral_id),
        "student_id": str(submission.student_id),
        "need": submission.need,
        "urgency": submission.urgency,
        "words": submission.words,
        "program_ids": [str(id) for id in submission.program_ids],
        "consent": consent
        and {"method": consent.method, "given_on": "2026-11-20", "guardian_id": str(consent.guardian_id)},
        "even_though_duplicate": submission.even_though_duplicate,
    }


async def moved(client: httpx.AsyncClient, id: UUID, **move: Any) -> httpx.Response:
    return await client.post(f"{API}/referrals/{id}/moves", json=move)


async def test_the_main_job_is_done_by_three_people_through_the_api(world: World, client_referrals: Client) -> None:
    staff, partner, family = (client_referrals(a) for a in (world.staff, world.partner, world.guardian))

    found = (await staff.get(f"{API}/students", params={"q": "jos je"})).json()
    student = found["items"][0]
    programs = (await staff.get(f"{API}/students/{student['id']}/programs", params={"need": "academic"})).json()
    sent = await staff.post(f"{API}/referrals", json=body(world, consent=None))
    id = UUID(sent.json()["id"])
    agreed = await moved(family, id, verb="give_consent", version=sent.json()["version"])
    inbox = (await partner.get(f"{API}/inbox")).json()
    accepted = await moved(partner, id, verb="accept", version=inbox["items"][0]["version"])

    assert student["name"] == "Jean Joseph"
    assert "Speaks Haitian Creole, the family's language" in programs[0]["reasons"]
    assert (sent.status_code, sent.json()["state"]) == (201, "awaiting_consent")
    assert agreed.json()["state"] == "open"
    assert accepted.json()["state"] == "accepted"


async def test_a_referral_is_read_with_its_timeline_and_open_moves(world: World, client_referrals: Client) -> None:
    id = await world.submit()

    detail = (await client_referrals(world.staff).get(f"{API}/referrals/{id}")).json()

    assert [item["type"] for item in detail["timeline"]] == [
        "referral.sent.v1",
        "referral.consent_given.v1",
        "referral.submitted.v1",
    ]
    assert {move["verb"] for move in detail["moves"] if move["closed"] is None} == {"withdraw"}
    assert detail["guardians"][0]["phone"] == "+16175550123"


async def test_a_partner_sees_no_telephone_number_before_it_accepts(world: World, client_referrals: Client) -> None:
    id = await world.submit()
    partner = client_referrals(world.partner)

    before = (await partner.get(f"{API}/referrals/{id}")).json()
    await world.answer(id, Verb.ACCEPT)
    after = (await partner.get(f"{API}/referrals/{id}")).json()

    assert (before["guardians"], before["languages"], before["student"]) == ([], ["ht"], "Jean Joseph")
    assert "once you accept" in before["held_back"]
    assert after["guardians"][0]["name"] == "Marie Joseph"


async def test_a_partner_sees_only_its_own_part(world: World, client_referrals: Client) -> None:
    id = await world.submit()
    await world.answer(id, Verb.DECLINE, words="Our van is broken")

    first = (await client_referrals(world.partner).get(f"{API}/referrals/{id}")).json()
    second = (await client_referrals(world.other_partner).get(f"{API}/referrals/{id}")).json()

    assert (first["student"], first["words"], first["student_id"]) == ("A student", "", None)
    assert "Our van is broken" not in str(second)
    assert [attempt["program"] for attempt in second["attempts"]] == ["Evening Tutors"]
    assert "Homework Club" not in str(second)


@pytest.mark.parametrize("stranger", ["another_school_s", "another_parent", "another_partner"])
async def test_what_is_not_yours_is_as_if_it_were_not_there(
    world: World, client_referrals: Client, stranger: str
) -> None:
    id = await world.submit()
    client = client_referrals(getattr(world, stranger)())

    read = await client.get(f"{API}/referrals/{id}")
    done = await moved(client, id, verb="withdraw")
    never = await client.get(f"{API}/referrals/{new_id()}")

    assert (read.status_code, done.status_code) == (404, 404)
    assert read.json()["code"] == never.json()["code"] == "no_such_referral"


async def test_another_school_s_student_is_not_found_by_id_nor_by_name(world: World, client_referrals: Client) -> None:
    client = client_referrals(world.another_school_s())

    by_id = await client.get(f"{API}/students/{world.student.person_id}")
    by_name = await client.get(f"{API}/students", params={"q": "jean"})
    programs = await client.get(f"{API}/students/{world.student.person_id}/programs", params={"need": "food"})
    sent = await client.post(f"{API}/referrals", json=body(world))

    assert (by_id.status_code, programs.status_code, sent.status_code) == (404, 404, 404)
    assert by_name.json() == {"total": 0, "items": []}


async def test_two_answers_to_the_same_version_make_one_win_and_tell_the_other_who(
    world: World, client_referrals: Client
) -> None:
    id = await world.submit()
    version = (await world.referral(id)).version

    first = await moved(client_referrals(world.partner), id, verb="accept", version=version)
    second = await moved(client_referrals(world.colleague), id, verb="decline", version=version, reason="no_capacity")

    assert (first.status_code, second.status_code) == (200, 409)
    assert second.json()["code"] == "changed_meanwhile"
    assert "Ana Reis accepted this referral" in second.json()["detail"]


async def test_a_replayed_submission_answers_with_the_same_referral(world: World, client_referrals: Client) -> None:
    client, once = client_referrals(world.staff), body(world)

    first = await client.post(f"{API}/referrals", json=once)
    second = await client.post(f"{API}/referrals", json=once)

    assert first.json() == second.json()
    assert (await world.told()).count("submitted") == 1


async def test_what_is_wrong_with_a_submission_is_said_with_the_right_status(
    world: World, client_referrals: Client
) -> None:
    client = client_referrals(world.staff)
    await world.hear(closed(world.second))

    unreadable = await client.post(f"{API}/referrals", json={"student_id": "not an id"})
    no_program = await client.post(f"{API}/referrals", json=body(world, program_ids=()))
    shut = await client.post(f"{API}/referrals", json=body(world, program_ids=(world.second.program_id,)))
    await client.post(f"{API}/referrals", json=body(world, program_ids=(world.program.program_id,)))
    twice = await client.post(f"{API}/referrals", json=body(world, program_ids=(world.program.program_id,)))

    assert unreadable.status_code == 422
    assert (no_program.status_code, no_program.json()["code"]) == (422, "no_program")
    assert (shut.status_code, shut.json()["code"]) == (409, "program_closed")
    assert (twice.status_code, twice.json()["code"]) == (409, "duplicate")
    assert (await world.told()).count("submitted") == 1


async def test_before_sending_the_consent_on_record_and_duplicates_are_shown(
    world: World, client_referrals: Client
) -> None:
    id = await world.submit()
    address = f"{API}/students/{world.student.person_id}/before-sending"

    shown = (await client_referrals(world.staff).get(address, params={"need": "academic"})).json()
    other = (await client_referrals(world.staff).get(address, params={"need": "food"})).json()

    assert shown["consent"]["who"] == "Marie Joseph"
    assert [one["id"] for one in shown["duplicates"]] == [str(id)]
    assert other == {"consent": None, "duplicates": [], "duplicates_elsewhere": 0}


async def test_several_are_answered_in_one_request(world: World, client_referrals: Client) -> None:
    first, gone = await world.submit(), await world.submit(even_though_duplicate=True)
    await world.move("withdraw", gone, actor=world.staff)

    became = await client_referrals(world.partner).post(
        f"{API}/inbox/answers",
        json={"answer": {"verb": "acknowledge"}, "referrals": {str(first): None, str(gone): None}},
    )

    done = {one["id"]: one["done"] for one in became.json()}
    assert done == {str(first): True, str(gone): False}


async def test_lists_are_filtered_and_each_sees_its_own(world: World, client_referrals: Client) -> None:
    id = await world.submit()
    await world.submit(program_ids=(world.second.program_id,), even_though_duplicate=True)

    async def total(actor: Actor, **filters: str) -> int:
        answer = await client_referrals(actor).get(f"{API}/referrals", params=filters)
        return int(answer.json()["total"])

    assert await total(world.staff) == 2
    assert await total(world.staff, state="open", need="academic", mine="true") == 2
    assert await total(world.staff, organization_id=str(world.program.organization_id)) == 1
    assert await total(world.staff, partner="harbor") == 1
    assert await total(world.staff, partner="100%") == 0
    assert await total(world.staff, state="returned") == 0
    assert await total(world.staff, q="jose") == 2
    assert await total(world.staff, q="xavier") == 0
    assert await total(world.district, school_id=str(world.school.school_id)) == 2
    assert await total(world.partner) == 1
    assert await total(world.partner, state="sent") == 1
    assert await total(world.another_school_s()) == 0
    await world.answer(id, Verb.DECLINE)
    assert await total(world.partner, state="declined") == 1
    assert await total(world.other_partner) == 2


async def test_the_district_sees_the_month(world: World, client_referrals: Client) -> None:
    await world.submit()
    accepted = await world.submit(even_though_duplicate=True)
    await world.answer(accepted, Verb.ACCEPT)

    shown = await client_referrals(world.district).get(f"{API}/overview")
    staff = await client_referrals(world.staff).get(f"{API}/overview")

    assert staff.status_code == 403
    assert shown.json()["overdue"] == 0 or shown.json()["overdue"] == 1
    assert set(shown.json()) >= {"by_state", "schools", "unreached", "median_answer"}


async def test_nobody_reads_anything_without_signing_in(world: World, client_referrals: Client) -> None:
    client = client_referrals(None)

    for path in ("students", "referrals", "today", "inbox", "family", "overview"):
        assert (await client.get(f"{API}/{path}")).status_code == 401


async def test_a_role_opens_its_own_pages_only(world: World, client_referrals: Client) -> None:
    stranger = an_actor(RoleName.STUDENT, new_id())

    async def status(actor: Actor, path: str) -> int:
        return (await client_referrals(actor).get(f"{API}/{path}")).status_code

    assert await status(world.partner, "today") == 403
    assert await status(world.staff, "inbox") == 403
    assert await status(world.guardian, "students") == 403
    assert await status(world.staff, "family") == 403
    assert await status(stranger, "referrals") == 403


async def test_a_text_with_a_character_that_cannot_be_kept_is_refused_in_words(
    world: World, client_referrals: Client
) -> None:
    staff = client_referrals(world.staff)
    sent = body(world)
    sent["consent"] |= {"guardian_id": None, "guardian_name": "Aunt\0Rosa"}

    answers = [
        await staff.get("/referrals?partner=%00"),
        await staff.get(f"{API}/referrals", params={"partner": "\0"}),
        await staff.post(f"{API}/referrals", json=sent),
    ]

    assert {answer.status_code for answer in answers} == {400}
    assert all("holds characters that cannot be read" in answer.text for answer in answers)
    assert (await staff.get(f"{API}/referrals/{sent['id']}")).status_code == 404
