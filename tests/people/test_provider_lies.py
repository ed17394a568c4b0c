"""Answers in the provider's name that are not wholly right, not ours, or not the first: nobody gets in."""

import base64
import json
import time
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import update

from services.people.models import SignIn
from shared.clock import utc_now
from shared.events import people
from tests.people.at_provider import Claims, District, claim, resigned
from tests.support.provider import CLIENT_ID, RunningProvider

LIES: dict[str, Callable[[Claims], Claims]] = {
    "another nonce": claim(nonce="of another sign-in"),
    "no nonce": claim(nonce=None),
    "for another client": claim(aud="another"),
    "for another client, and us as authorized party": claim(aud=["another"], azp=CLIENT_ID),
    "for us, and another authorized party": claim(aud=[CLIENT_ID, "another"], azp="another"),
    "for nobody": claim(aud=None),
    "of another issuer": claim(iss="https://accounts.example.com"),
    "of nobody": claim(sub=None),
    "expired": claim(exp=int(time.time()) - 3600),
    "never ending": claim(exp=None),
    "of the future": claim(iat=int(time.time()) + 3600),
    "with another access token": claim(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
}


@pytest.mark.parametrize("lie", LIES)
async def test_an_id_token_that_is_not_wholly_right_lets_nobody_in(
    district: District, provider: RunningProvider, lie: str
) -> None:
    provider.change["/token"] = resigned(provider.key, LIES[lie])

    await nobody_gets_in(district)


async def nobody_gets_in(district: District) -> None:
    visitor = district.visitor()
    answer = await visitor.sign_in("dana")

    assert (answer.status_code, "cannot be right" in answer.text) == (403, True)
    assert (await visitor.is_in(), await district.sessions()) == (False, [])
    (refused,) = [fact for fact in await district.facts() if isinstance(fact, people.SignInRefused)]
    assert refused.reason == "provider_not_believed"


def with_id_token(made: Callable[[str], str]) -> Callable[[Claims], Claims]:
    return lambda tokens: tokens | {"id_token": made(tokens["id_token"])}


def coded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def unsigned(token: str) -> str:
    return f"{coded({'alg': 'none'})}.{token.split('.')[1]}."


def by_a_strangers_key(token: str) -> str:
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return jwt.encode({"alg": "RS256", "kid": "first"}, claims, RSAKey.generate_key(2048))


def by_our_secret(token: str) -> str:
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return jwt.encode({"alg": "HS256", "kid": "first"}, claims, OctKey.import_key("x" * 32), algorithms=["HS256"])


def other_words(token: str) -> str:
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return f"{header}.{coded(claims | {'sub': 'lee'})}.{signature}"


@pytest.mark.parametrize("made", [unsigned, by_a_strangers_key, by_our_secret, other_words, lambda _: "nonsense"])
async def test_an_id_token_that_the_provider_did_not_sign_lets_nobody_in(
    district: District, provider: RunningProvider, made: Callable[[str], str]
) -> None:
    provider.change["/token"] = with_id_token(made)

    await nobody_gets_in(district)


async def test_claims_of_another_account_are_not_added(district: District, provider: RunningProvider) -> None:
    provider.change["/me"] = claim(sub="lee")

    await nobody_gets_in(district)


async def test_a_clock_that_differs_by_half_a_minute_harms_nobody(
    district: District, provider: RunningProvider
) -> None:
    now = int(time.time())
    provider.change["/token"] = resigned(provider.key, claim(iat=now + 30, exp=now - 30))
    visitor = district.visitor()

    await visitor.sign_in("dana")

    assert await visitor.is_in()


async def test_a_new_key_of_the_provider_is_fetched_when_it_is_met(
    district: District, provider: RunningProvider
) -> None:
    await district.visitor().sign_in("dana")
    new = RSAKey.generate_key(2048, {"kid": "second", "alg": "RS256", "use": "sig"})

    def by_new_key(tokens: Claims) -> Claims:
        claims = jwt.decode(tokens["id_token"], provider.key, algorithms=["RS256"]).claims
        return tokens | {"id_token": jwt.encode({"alg": "RS256", "kid": "second"}, claims, new)}

    provider.change["/token"] = by_new_key
    provider.change["/jwks"] = lambda keys: {"keys": [*keys["keys"], new.as_dict(private=False)]}
    known_since, keys = district.app.state.provider._keys
    district.app.state.provider._keys = (known_since - timedelta(seconds=2), keys)
    visitor = district.visitor()

    await visitor.sign_in("dana")

    assert await visitor.is_in()


# Ways back that were not ours


async def test_an_answer_works_once(district: District) -> None:
    visitor = district.visitor()
    answer = await visitor.answer("dana")
    ticket = visitor.here.cookies["crosswalk_sign_in"]

    first = await visitor.here.get(answer)
    without = await visitor.here.get(answer)
    visitor.here.cookies.set("crosswalk_sign_in", ticket)
    again = await visitor.here.get(answer)

    assert (first.status_code, without.status_code, again.status_code) == (303, 403, 410)
    assert len(await district.sessions()) == 1


async def test_an_answer_works_only_in_the_browser_that_asked(district: District) -> None:
    victim, thief = district.visitor(), district.visitor()
    answer = await thief.answer("dana")

    without = await victim.here.get(answer)
    await victim.way_in()
    with_its_own = await victim.here.get(answer)

    assert (without.status_code, with_its_own.status_code) == (403, 403)
    assert "Begin again" in with_its_own.text
    assert await district.sessions() == []


@pytest.mark.parametrize("state", ["", "x", "ü"])
async def test_an_answer_with_another_state_is_not_looked_at(district: District, state: str) -> None:
    visitor = district.visitor()
    answer = httpx.URL(await visitor.answer("dana"))

    refused = await visitor.here.get(answer.copy_set_param("state", state))

    assert (refused.status_code, await district.sessions()) == (403, [])


async def test_a_code_of_another_sign_in_is_not_taken(district: District) -> None:
    visitor, thief = district.visitor(), district.visitor()
    stolen = httpx.URL(await visitor.answer("dana")).params["code"]
    own = httpx.URL(await thief.answer("stranger"))

    refused = await thief.here.get(own.copy_set_param("code", stolen))

    assert (refused.status_code, "was used already" in refused.text) == (403, True)
    assert not await thief.is_in()


async def test_an_answer_in_the_name_of_another_provider_is_refused(district: District) -> None:
    visitor = district.visitor()
    answer = httpx.URL(await visitor.answer("dana"))

    refused = await visitor.here.get(answer.copy_set_param("iss", "https://evil.example"))

    assert (refused.status_code, await district.sessions()) == (403, [])


async def test_after_ten_minutes_it_is_too_late(district: District) -> None:
    visitor = district.visitor()
    answer = await visitor.answer("dana")
    async with district.db.transaction() as session:
        await session.execute(update(SignIn).values(expires_at=utc_now()))

    late = await visitor.here.get(answer)

    assert (late.status_code, await district.sessions()) == (410, [])


async def test_who_turns_back_there_may_begin_again(district: District, provider: RunningProvider) -> None:
    visitor = district.visitor()

    answer = await visitor.here.get(await provider.decline(await visitor.way_in(), visitor.there))

    assert (answer.status_code, "You were not signed in there" in answer.text) == (403, True)
    await visitor.sign_in("dana")
    assert await visitor.is_in()


@pytest.mark.parametrize(
    "way_on", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
async def test_the_way_on_never_leads_to_another_site(district: District, way_on: str) -> None:
    answer = await district.visitor().sign_in("dana", way_on=way_on)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
