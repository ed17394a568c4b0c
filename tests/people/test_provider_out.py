"""The provider is away, or does not know us; and out again, from here and from there."""

import time
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import update

from services.people.models import Session
from shared.clock import utc_now
from shared.events import people
from tests.people.at_provider import Claims, District, Make
from tests.people.test_api import send_letters
from tests.support.clients import Client, client_for
from tests.support.provider import CLIENT_ID, FRONT_PAGE, RunningProvider


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/jwks", "/me"])
async def test_a_provider_that_does_not_answer_is_said_clearly_and_codes_still_work(
    district: District, provider: RunningProvider, path: str
) -> None:
    provider.broken = {path}
    visitor = district.visitor()

    answer = await visitor.here.get("/sign-in/provider")
    if answer.status_code == 303:
        back = await provider.sign_in(answer.headers["location"], "dana", visitor.there)
        answer = await visitor.here.get(back)
    await visitor.here.post("/sign-in", data={"email": "dana@example.org"})
    letters = await send_letters(district.db)

    assert (answer.status_code, "does not answer just now" in answer.text) == (503, True)
    assert answer.headers["retry-after"] == "60"
    assert len(letters) == 1


async def test_a_provider_that_is_not_there_at_all_is_said_clearly(make: Make) -> None:
    district = make(oidc_issuer="http://127.0.0.1:9")

    answer = await district.visitor().here.get("/sign-in/provider")

    assert (answer.status_code, "does not answer just now" in answer.text) == (503, True)


async def test_a_wrong_secret_of_ours_is_for_the_office_to_mend(make: Make) -> None:
    answer = await make(oidc_client_secret="wrong").visitor().sign_in("dana")

    assert (answer.status_code, "Tell the district office" in answer.text) == (503, True)


async def test_where_no_provider_is_named_there_is_no_such_way_in(client_people: Client) -> None:
    client = client_people(None)

    page, way_in = await client.get("/sign-in"), await client.get("/sign-in/provider")
    told = await client.post("/sign-in/provider/signed-out", data={"logout_token": "x"})

    assert "/sign-in/provider" not in page.text
    assert (way_in.status_code, told.status_code) == (404, 404)


async def test_sign_ins_with_the_provider_are_limited_and_counted_apart_from_codes(
    make: Make,
) -> None:
    district = make(oidc_sign_ins_per_client=2)
    visitor = district.visitor()

    answers = [await visitor.here.get("/sign-in/provider") for _ in range(3)]
    code = await visitor.here.post("/sign-in", data={"email": "dana@example.org"})

    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert code.status_code == 303


# Out again


async def test_signing_out_here_signs_out_there(district: District, provider: RunningProvider) -> None:
    visitor = district.visitor()
    await visitor.sign_in("dana")
    (session,) = await district.sessions()

    page = await visitor.here.post("/sign-out")
    back = await provider.sign_out(str(session.way_out), visitor.there)

    assert f'url={session.way_out}"'.replace("&", "&amp;") in page.text
    assert back == FRONT_PAGE
    assert not await visitor.is_in()
    (session,) = await district.sessions()
    assert (session.ended_at is not None, session.way_out) == (True, None)
    assert (await visitor.there.get(await visitor.way_in(), follow_redirects=True)).text.count("Sign-in") > 0


async def test_signing_out_there_signs_out_here(district: District, provider: RunningProvider) -> None:
    visitor, elsewhere = district.visitor(), district.visitor()
    await visitor.sign_in("dana")
    await elsewhere.sign_in("dana")
    (session, _) = await district.sessions()

    await provider.sign_out(str(session.way_out), visitor.there)
    (token,) = provider.told
    machine = client_for(district.app, None)
    told = [await machine.post("/sign-in/provider/signed-out", data={"logout_token": token}) for _ in range(2)]

    assert [(answer.status_code, answer.headers["cache-control"]) for answer in told] == [(200, "no-store")] * 2
    assert (await visitor.is_in(), await elsewhere.is_in()) == (False, True)
    ended = [fact for fact in await district.facts() if isinstance(fact, people.SessionsEnded)]
    assert [(fact.session_ids, fact.reason) for fact in ended] == [((session.id,), "signed_out_at_provider")]


def a_logout(**changes: Any) -> Claims:
    now = int(time.time())
    event: Claims = {"http://schemas.openid.net/event/backchannel-logout": {}}
    told = {"aud": CLIENT_ID, "iat": now, "exp": now + 120, "jti": "1", "events": event, "sub": "dana"} | changes
    return {name: value for name, value in told.items() if value is not None}


async def tell(district: District, claims: Claims, key: RSAKey | None = None) -> int:
    provider = district.provider
    token = jwt.encode({"alg": "RS256", "kid": "first"}, {"iss": provider.issuer} | claims, key or provider.key)
    answer = await client_for(district.app, None).post("/sign-in/provider/signed-out", data={"logout_token": token})
    return answer.status_code


async def test_all_sessions_of_an_account_end_but_not_one_that_began_after_it_was_said(district: District) -> None:
    before, after = district.visitor(), district.visitor()
    await before.sign_in("dana")
    said = a_logout()
    async with district.db.transaction() as session:
        await session.execute(update(Session).values(started_at=utc_now() - timedelta(minutes=5)))
    said["iat"] -= 120
    await after.sign_in("dana")

    assert await tell(district, said) == 200
    assert (await before.is_in(), await after.is_in()) == (False, True)


@pytest.mark.parametrize("by_sid", [True, False], ids=["a session", "an account"])
async def test_a_young_session_ends_though_the_clock_there_is_behind(district: District, by_sid: bool) -> None:
    visitor = district.visitor()
    await visitor.sign_in("dana")
    (session,) = await district.sessions()
    named = {"sid": session.provider_sid, "sub": None} if by_sid else {}

    assert await tell(district, a_logout(iat=int(time.time()) - 45, **named)) == 200
    assert not await visitor.is_in()


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://accounts.example.com"}, {"aud": "another"}, {"events": None}, {"events": {}},
        {"nonce": "one"}, {"sub": None}, {"exp": 1}, {"exp": None}, {"iat": None}, {"jti": None},
    ],
    ids=str,
)  # fmt: skip
async def test_what_is_told_of_a_sign_out_must_be_wholly_right(district: District, changes: dict[str, Any]) -> None:
    visitor = district.visitor()
    await visitor.sign_in("dana")

    assert await tell(district, a_logout(**changes)) == 400
    assert await visitor.is_in()


async def test_nobody_else_can_tell_of_a_sign_out(district: District) -> None:
    visitor = district.visitor()
    await visitor.sign_in("dana")

    assert await tell(district, a_logout(), RSAKey.generate_key(2048)) == 400
    assert await visitor.is_in()
