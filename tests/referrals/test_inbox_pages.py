"""A partner's inbox: answers given there, one by one and several at once."""

import re

from tests.referrals.world import World
from tests.support.clients import Client


async def test_the_inbox_answers_a_row_in_place(world: World, client_referrals: Client) -> None:
    client = client_referrals(world.partner)
    id = await world.submit()
    page = (await client.get("/referrals/inbox")).text
    row = re.search(rf'value="({id}:\d+)"', page)
    assert row

    answer = await client.post("/referrals/inbox", data={"referral": row[1], "verb": "accept"})
    after = (await client.get(answer.headers["location"])).text

    assert "Jean Joseph" in page
    assert answer.status_code == 303
    assert "The referral was accepted" in after
    assert "No referrals wait" in after


async def test_the_inbox_answers_several_at_once_and_says_which_could_not_be(
    world: World, client_referrals: Client
) -> None:
    client = client_referrals(world.partner)
    ids = [await world.submit(even_though_duplicate=True) for _ in range(3)]
    chosen = [f"{id}:{(await world.referral(id)).version}" for id in ids]
    await world.move("withdraw", ids[0], actor=world.staff)

    answer = await client.post("/referrals/inbox", data={"referral": chosen, "verb": "acknowledge"})

    assert answer.status_code == 409
    assert "Dana Okafor withdrew this referral" in answer.text
    assert (await world.told()).count("acknowledged") == 2


async def test_declining_in_the_inbox_needs_a_reason(world: World, client_referrals: Client) -> None:
    id = await world.submit()
    client = client_referrals(world.partner)
    row = f"{id}:{(await world.referral(id)).version}"

    without = await client.post("/referrals/inbox", data={"referral": row, "verb": "decline"})
    nothing = await client.post("/referrals/inbox", data={"verb": "accept"})

    assert without.status_code == 422
    assert "Choose why you cannot take this referral." in without.text
    assert nothing.status_code == 422
    assert await world.state(id) == "open"
