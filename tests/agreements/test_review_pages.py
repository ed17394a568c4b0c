"""The pages of reviews: what each side sees and does, without scripts, and that nothing entered gets lost."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.agreements.models import Organization
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.events.vocabulary import RoleName
from tests.agreements.review_support import CODES, Pair, a_pair, a_referral
from tests.agreements.support import a_known_school, a_program_of, an_organization, the_district
from tests.agreements.test_review_api import LOOK_BACK, THIS_YEAR, give
from tests.support.builders import an_actor
from tests.support.clients import Client

ELEMENTS = ("SA", "CS", "DL", "AC", "RD", "EC", "SU")


@pytest.fixture
async def pair(db_agreements: Database) -> Pair:
    """A school and a partner that worked together this year."""
    async with db_agreements.transaction() as session:
        found = await a_pair(session, year=THIS_YEAR)
        await a_referral(session, found.school_id, found.organization_id, sent_at=utc_now() - timedelta(days=5))
    return found


def page(pair: Pair) -> str:
    return f"/agreements/reviews/{pair.review_id}"


def hidden(answer: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.text)
    assert found
    return found[1]


async def rate(client: httpx.AsyncClient, pair: Pair, element: str, rating: str, **changes: str) -> httpx.Response:
    """Open the form of one element, fill it in and send it."""
    path = f"{page(pair)}/rate/{element}"
    form = await client.get(path)
    sent = {f"rating-{code}": rating for code in CODES if code.startswith(element)}
    return await client.post(path, data={"version": hidden(form, "version"), "then": "next", **sent, **changes})


async def test_a_school_rates_element_by_element_stops_goes_on_and_gives(client_agreements: Client, pair: Pair) -> None:
    client = client_agreements(pair.principal)

    ways = [(await rate(client, pair, element, "3")).headers["location"] for element in ELEMENTS[:2]]
    stopped = await rate(client, pair, "DL", "not_known", then="stop")
    half = await client.get(page(pair))
    for element in ELEMENTS[3:]:
        last = await rate(client, pair, element, "2")
    whole = await client.get(page(pair))
    given = await client.post(f"{page(pair)}/give", data={"version": hidden(whole, "version")})

    assert ways == [f"{page(pair)}/rate/CS", f"{page(pair)}/rate/DL"]
    assert stopped.headers["location"] == last.headers["location"] == f"{page(pair)}?done=saved"
    assert "8 of 23 rated" in half.text
    assert "Go on rating" in half.text
    assert "Give our ratings" in whole.text
    assert given.headers["location"] == f"{page(pair)}?done=given"


async def test_what_was_rated_stands_in_the_form_again(client_agreements: Client, pair: Pair) -> None:
    client = client_agreements(pair.principal)
    await rate(client, pair, "CS", "2", **{"evidence-CS1": "Minutes of <May>"})

    form = await client.get(f"{page(pair)}/rate/CS")

    assert re.search(r'name="rating-CS1" value="2" checked', form.text)
    assert "Minutes of &lt;May&gt;" in form.text
    assert "Crosswalk knows: 1 referral made this year" in form.text


async def test_a_form_that_is_not_in_order_comes_back_with_what_was_entered(
    client_agreements: Client, pair: Pair
) -> None:
    client = client_agreements(pair.principal)

    answer = await client.post(
        f"{page(pair)}/rate/SA",
        data={"version": "0", "rating-SA1": "9", "rating-SA2": "4", "evidence-SA2": "The data wall"},
    )

    assert answer.status_code == 422
    assert 'href="#rating-SA1"' in answer.text
    assert re.search(r'name="rating-SA2" value="4" checked', answer.text)
    assert "The data wall" in answer.text


async def test_who_would_overwrite_a_colleague_is_told_and_may_save_again(
    client_agreements: Client, pair: Pair
) -> None:
    client = client_agreements(pair.principal)
    await rate(client, pair, "SA", "2")

    late = await client.post(f"{page(pair)}/rate/SA", data={"version": "0", "rating-SA1": "4"})
    again = await client.post(
        f"{page(pair)}/rate/SA", data={"version": hidden(late, "version"), "rating-SA1": "4", "then": "stop"}
    )

    assert late.status_code == 409
    assert "A colleague has rated SA1" in late.text
    assert re.search(r'name="rating-SA1" value="4" checked', late.text)
    assert again.status_code == 303


async def test_giving_too_early_says_what_is_missing(client_agreements: Client, pair: Pair) -> None:
    client = client_agreements(pair.principal)
    await rate(client, pair, "SA", "2")

    answer = await client.post(f"{page(pair)}/give", data={"version": "1"})

    assert answer.status_code == 422
    assert "20 of 23 indicators have no rating yet" in answer.text
    assert "CS1 has no rating yet" in answer.text


async def test_the_other_side_s_ratings_are_hidden_until_both_are_given(client_agreements: Client, pair: Pair) -> None:
    school, partner = client_agreements(pair.principal), client_agreements(pair.partner)
    await give(school, pair, 4, evidence="Only the school knows this.")

    before = await partner.get(page(pair))
    await give(partner, pair, 1)
    after = await partner.get(page(pair))

    assert "Only the school knows this." not in before.text
    assert "so that neither rates by the other" in before.text
    assert "Only the school knows this." in after.text
    assert "4\u00a0· Exemplary" in after.text
    assert "Take our ratings back" in after.text


async def test_both_write_and_the_school_decides_on_the_page(
    db_agreements: Database, client_agreements: Client, pair: Pair
) -> None:
    school, partner = client_agreements(pair.principal), client_agreements(pair.partner)
    path = f"{page(pair)}/year-end"

    theirs = await partner.get(path)
    await partner.post(path, data={"version": "0", "learnt": "Buses leave too early."})
    stale = await school.post(path, data=LOOK_BACK | {"then": "decide"})
    decided = await school.post(path, data=LOOK_BACK | {"version": hidden(stale, "version"), "then": "decide"})
    seen = await partner.get(path)
    reopened = await school.post(f"{path}/reopen", data={"version": "2", "program_id": ""})

    assert 'value="decide"' not in theirs.text
    assert stale.status_code == 409
    assert "The partner has changed this" in stale.text
    assert "Students came." in stale.text
    assert decided.headers["location"] == f"{page(pair)}?done=decided"
    assert "Continue" in seen.text
    assert "<textarea" not in seen.text
    assert reopened.headers["location"] == f"{page(pair)}?done=reopened"


async def test_a_decision_that_says_too_little_comes_back_with_what_was_entered(
    client_agreements: Client, pair: Pair
) -> None:
    answer = await client_agreements(pair.principal).post(
        f"{page(pair)}/year-end", data={"version": "0", "then": "decide", "learnt": "A lot"}
    )

    assert answer.status_code == 422
    assert 'href="#decision"' in answer.text
    assert "A lot" in answer.text


async def test_each_program_has_its_own_look_back_and_a_foreign_one_is_not_there(
    db_agreements: Database, client_agreements: Client, pair: Pair
) -> None:
    async with db_agreements.transaction() as session:
        mine = await a_program_of(session, await session.get_one(Organization, pair.organization_id))
        foreign = await a_program_of(session, await an_organization(session, "Another"), name="Foreign")
    client = client_agreements(pair.principal)

    review = await client.get(page(pair))
    form = await client.get(f"{page(pair)}/year-end", params={"program": str(mine.id)})
    strange = await client.get(f"{page(pair)}/year-end", params={"program": str(foreign.id)})

    assert f"/year-end?program={mine.id}" in review.text
    assert "Look back on Homework club" in form.text
    assert strange.status_code == 404


async def test_others_pages_are_not_there(client_agreements: Client, pair: Pair) -> None:
    stranger = client_agreements(an_actor(RoleName.SCHOOL_STAFF, new_id()))
    district = client_agreements(the_district())

    for path in (page(pair), f"{page(pair)}/rate/SA", f"{page(pair)}/year-end"):
        assert (await stranger.get(path)).status_code == 404
    assert (await stranger.get(f"/agreements/reviews/schools/{pair.school_id}/{THIS_YEAR}")).status_code == 404
    assert (await district.get(page(pair))).status_code == 200
    assert (await district.get(f"{page(pair)}/rate/SA")).status_code == 403
    assert (await client_agreements(pair.principal).get(f"{page(pair)}/rate/ZZ")).status_code == 404


async def test_a_review_is_started_on_a_page(db_agreements: Database, client_agreements: Client) -> None:
    async with db_agreements.transaction() as session:
        school = await a_known_school(session)
        partner = await an_organization(session)
    client = client_agreements(an_actor(RoleName.SCHOOL_STAFF, school.id))
    sent: dict[str, Any] = {"school_id": str(school.id), "organization_id": str(partner.id), "year": str(THIS_YEAR)}

    empty = await client.get("/agreements/reviews")
    form = await client.get("/agreements/reviews/new")
    nothing = await client.post("/agreements/reviews", data=sent | {"organization_id": ""})
    started = await client.post("/agreements/reviews", data=sent)
    listed = await client.get("/agreements/reviews")

    assert "No reviews yet" in empty.text
    assert "City Year" in form.text
    assert (nothing.status_code, "Choose a partner." in nothing.text) == (422, True)
    assert started.status_code == 303
    assert started.headers["location"] in listed.text
    assert "1 in all" in listed.text


async def test_a_partner_that_is_not_known_at_the_school_asks_it(
    db_agreements: Database, client_agreements: Client, pair: Pair
) -> None:
    async with db_agreements.transaction() as session:
        other = await a_known_school(session, "Roosevelt")

    answer = await client_agreements(pair.partner).post(
        "/agreements/reviews",
        data={"school_id": str(other.id), "organization_id": str(pair.organization_id), "year": str(THIS_YEAR)},
    )

    assert answer.status_code == 409
    assert "Ask the school to start the review." in answer.text
    assert f'value="{other.id}" selected' in answer.text


async def test_the_report_is_a_page_with_plots_that_are_said_in_words_too(
    client_agreements: Client, pair: Pair
) -> None:
    school = client_agreements(pair.principal)
    path = f"/agreements/reviews/schools/{pair.school_id}/{THIS_YEAR}"

    empty = await school.get(path)
    await give(school, pair, 4, evidence="The plan <b>of May</b>")
    await give(client_agreements(pair.partner), pair, 2)
    full = await school.get(path)
    paper = await school.get(f"{path}/report.pdf")
    table = await school.get(f"{path}/report.csv")

    assert "No ratings were given for this year" in empty.text
    assert full.text.count("<svg") >= 2
    assert "Strategic alignment: School 4.0, Partners 2.0" in full.text
    assert "The plan &lt;b&gt;of May&lt;/b&gt;" in full.text
    assert 'style="' not in full.text
    assert paper.content.startswith(b"%PDF-")
    assert table.text.startswith("\ufeffschool,school year")


async def test_the_district_has_everybody_asked_on_the_page(client_agreements: Client, pair: Pair) -> None:
    district = client_agreements(the_district())

    before = await district.get("/agreements/reviews")
    asked = await district.post("/agreements/reviews/ask", data={"what": "ratings"})
    after = await district.get("/agreements/reviews")
    school = await client_agreements(pair.principal).get("/agreements/reviews")

    assert before.text.count("Ask now") == 2
    assert asked.status_code == 303
    assert after.text.count("Ask now") == 1
    assert "Ask now" not in school.text
