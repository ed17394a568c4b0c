"""What families see and do: in their language, signed in or by the link of a message."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.referrals.rules import Verb
from shared.clock import new_id, utc_now
from shared.events import people
from shared.events.vocabulary import LANGUAGES, RoleName
from shared.identity import Actor, sign_link
from tests.referrals.world import World
from tests.support.clients import Client
from tests.support.databases import settings_of

LIMIT = 50_000


@pytest.fixture
def link(postgres: str, data_dir: Path) -> Any:
    """Makes the address of a link from a message, for an actor's first role."""
    settings = settings_of("referrals", postgres, data_dir)

    def sign(actor: Actor, about: UUID, *, hours: float = 1, **changes: Any) -> str:
        claims = {"person_id": actor.person_id, "role": actor.roles[0].name, "language": actor.language}
        expires_at = utc_now() + timedelta(hours=hours)
        token = sign_link(settings, about_id=about, expires_at=expires_at, **(claims | changes))
        return f"/referrals/by-link/{token}"

    return sign


async def version(world: World, id: UUID) -> int:
    return (await world.referral(id)).version


async def test_a_family_agrees_on_its_page(world: World, client_referrals: Client) -> None:
    id = await world.submit(consent=None)
    client = client_referrals(world.guardian)
    form = {"referral": str(id), "version": await version(world, id), "verb": "give_consent"}

    page = (await client.get("/referrals/family?lang=en")).text
    answer = await client.post("/referrals/family", data=form)
    after = (await client.get(answer.headers["location"] + "&lang=en")).text

    assert "We need your answer" in page
    assert "Homework Club" in page
    assert answer.status_code == 303
    assert "We asked Homework Club to help Jean." in after
    assert await world.state(id) == "open"


async def test_a_family_says_no_thanks(world: World, client_referrals: Client) -> None:
    id = await world.submit()
    client = client_referrals(world.guardian)
    form = {"referral": str(id), "version": await version(world, id), "verb": "withdraw"}

    answer = await client.post("/referrals/family", data=form)

    assert answer.status_code == 303
    assert await world.state(id) == "withdrawn"


async def test_a_family_whose_answer_comes_too_late_sees_how_things_are(world: World, client_referrals: Client) -> None:
    id = await world.submit(consent=None)
    old = await version(world, id)
    await world.move("give_consent", id, world.consent(), actor=world.staff)

    late = await client_referrals(world.guardian).post(
        "/referrals/family?lang=en", data={"referral": str(id), "version": old, "verb": "refuse_consent"}
    )

    assert late.status_code == 409
    assert "Something has changed since you opened this page" in late.text
    assert "We asked Homework Club" in late.text


async def test_a_family_cannot_do_what_is_not_its_to_do(world: World, client_referrals: Client) -> None:
    id = await world.submit()

    answer = await client_referrals(world.guardian).post(
        "/referrals/family", data={"referral": str(id), "version": await version(world, id), "verb": "accept"}
    )

    assert answer.status_code == 403
    assert await world.state(id) == "open"


async def test_another_family_s_referral_is_neither_shown_nor_moved(world: World, client_referrals: Client) -> None:
    id = await world.submit()
    client = client_referrals(world.another_parent())

    page = (await client.get("/referrals/family")).text
    answer = await client.post("/referrals/family", data={"referral": str(id), "version": 2, "verb": "withdraw"})

    assert "Jean" not in page
    assert answer.status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_family_s_page_is_small_and_says_its_language(
    world: World, client_referrals: Client, language: str
) -> None:
    for need in ("food", "arts", "academic"):
        await world.submit(need=need, even_though_duplicate=True)

    page = await client_referrals(world.guardian).get(f"/referrals/family?lang={language}")

    assert page.status_code == 200
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in page.text
    assert len(page.content) < LIMIT


async def test_a_family_reads_its_own_language_without_asking(world: World, client_referrals: Client) -> None:
    page = await client_referrals(world.guardian).get("/referrals/family")

    assert '<html lang="ht"' in page.text


async def test_by_link_a_guardian_agrees_without_signing_in(world: World, client_referrals: Client, link: Any) -> None:
    id = await world.submit(consent=None)
    client, address = client_referrals(None), link(world.guardian, id)

    page = (await client.get(f"{address}?lang=en")).text
    looked = await world.state(id)
    answer = await client.post(address, data={"version": await version(world, id), "verb": "give_consent"})

    assert "I agree" in page
    assert looked == "awaiting_consent"
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{address}?done=give_consent"
    assert await world.state(id) == "open"


async def test_by_link_only_the_one_referral_is_shown(world: World, client_referrals: Client, link: Any) -> None:
    one, other = await world.submit(consent=None), await world.submit(consent=None, need="food")

    page = (await client_referrals(None).get(link(world.guardian, one))).text
    listed = (await client_referrals(None).get("/referrals/family")).status_code

    assert str(one) in page
    assert str(other) not in page
    assert listed == 303


async def test_a_link_that_is_too_old_forged_or_stolen_opens_nothing(
    world: World, client_referrals: Client, link: Any
) -> None:
    id = await world.submit(consent=None)
    client = client_referrals(None)
    good = link(world.guardian, id)

    old = await client.get(link(world.guardian, id, hours=-1))
    forged = await client.get(good[:-3] + ("aaa" if good[-3:] != "aaa" else "bbb"))
    not_theirs = await client.get(link(world.guardian, id, person_id=new_id()))
    other_role = await client.get(link(world.guardian, id, role=RoleName.DISTRICT_OFFICE))
    nowhere = await client.get(link(world.guardian, new_id()))
    posted = await client.post(link(world.guardian, id, hours=-1), data={"version": 1, "verb": "give_consent"})

    statuses = [answer.status_code for answer in (old, forged, not_theirs, other_role, nowhere, posted)]
    assert statuses == [410, 403, 410, 410, 410, 410]
    assert "Jean" not in old.text + forged.text + not_theirs.text
    assert await world.state(id) == "awaiting_consent"


async def test_a_link_that_opens_nothing_says_so_in_the_reader_s_language(
    world: World, client_referrals: Client, link: Any
) -> None:
    id = await world.submit(consent=None)
    client = client_referrals(None)
    addresses = link(world.guardian, id, hours=-1), "/referrals/by-link/x", link(world.guardian, id, person_id=new_id())

    pages = [(await client.get(address, headers={"accept-language": "es"})).text for address in addresses]

    told = [re.search(r'class="lede">([^<.]*)', page) for page in pages]
    assert [words and words[1] for words in told] == [
        "Este enlace es demasiado antiguo",
        "Este enlace no funciona",
        "Usted ya no puede usar este enlace",
    ]


async def test_a_link_ends_when_its_person_is_no_guardian_any_more(
    world: World, client_referrals: Client, link: Any
) -> None:
    id = await world.submit(consent=None)
    await world.hear(world.student.model_copy(update={"guardian_ids": ()}))

    assert (await client_referrals(None).get(link(world.guardian, id))).status_code == 410


async def test_a_link_ends_when_the_roster_disables_its_guardian(
    world: World, client_referrals: Client, link: Any
) -> None:
    id = await world.submit(consent=None)
    await world.hear(world.mother.model_copy(update={"active": False}))

    assert (await client_referrals(None).get(link(world.guardian, id))).status_code == 410


async def test_by_link_a_partner_answers_without_signing_in(world: World, client_referrals: Client, link: Any) -> None:
    id = await world.submit()
    client, address = client_referrals(None), link(world.partner, id)

    page = (await client.get(address)).text
    form = {"version": await version(world, id), "verb": "decline"}
    without_reason = await client.post(address, data=form)
    answer = await client.post(address, data=form | {"reason": "no_capacity"})
    after = (await client.get(address)).text

    assert "Jean Joseph" in page
    assert "once you accept" in page
    assert without_reason.status_code == 422
    assert (answer.status_code, answer.headers["location"]) == (303, address)
    assert "Jean Joseph" not in after
    assert await world.attempts(id) == ["declined", "sent"]


async def test_a_partner_s_link_is_no_good_before_its_turn(world: World, client_referrals: Client, link: Any) -> None:
    id = await world.submit()

    assert (await client_referrals(None).get(link(world.other_partner, id))).status_code == 410


async def test_by_link_through_the_api(world: World, client_referrals: Client, link: Any) -> None:
    id = await world.submit()
    client = client_referrals(None)
    address = link(world.partner, id).replace("/referrals/", "/referrals/api/v1/")

    read = await client.get(address)
    moved = await client.post(f"{address}/moves", json={"verb": "accept"})

    assert read.json()["student"] == "Jean Joseph"
    assert moved.json()["state"] == "accepted"


async def test_a_guardian_s_view_of_a_referral_leaves_out_the_other_guardian(
    world: World, client_referrals: Client
) -> None:
    id = await world.submit()

    detail = (await client_referrals(world.guardian).get(f"/referrals/api/v1/referrals/{id}")).json()
    page = await client_referrals(world.guardian).get(f"/referrals/{id}")

    assert detail["guardians"] == []
    assert {move["verb"] for move in detail["moves"] if move["closed"] is None} == {"withdraw"}
    assert page.headers["location"] == "/referrals/family"


async def test_every_state_has_words_for_the_family(world: World, client_referrals: Client) -> None:
    client = client_referrals(world.guardian)
    needs = iter(("food", "arts", "sports", "health", "housing", "summer", "academic", "mentoring"))

    async def one(*verbs: Verb, **changes: Any) -> UUID:
        id = await world.submit(need=next(needs), program_ids=(world.program.program_id,), **changes)
        for verb in verbs:
            await world.answer(id, verb)
        return id

    await one()
    await one(Verb.WAITLIST)
    await one(Verb.ACCEPT)
    await one(Verb.DECLINE)
    await one(consent=None)
    await world.move("acknowledge", await one(), actor=world.partner)
    await world.move("refuse_consent", await one(consent=None), actor=world.guardian)
    await world.move("withdraw", await one(), actor=world.staff)

    page = (await client.get("/referrals/family?lang=en")).text

    for words in (
        "We asked them",
        "On the waiting list",
        "has a place for Jean",
        "is looking for another one",
        "We need your answer",
        "They have seen it",
        "You said no",
        "Stopped",
    ):
        assert words in page
    assert "tel:+16175550188" in page
    assert "(617) 555-0188" in page


async def test_an_erased_child_is_shown_to_nobody(world: World, client_referrals: Client) -> None:
    await world.submit()
    await world.hear(people.PersonErased(person_id=world.student.person_id))

    family = (await client_referrals(world.guardian).get("/referrals/family")).text
    staff = (await client_referrals(world.staff).get("/referrals")).text

    assert "Jean" not in family + staff
    assert "A student" in staff
