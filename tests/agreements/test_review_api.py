"""Reviews by the JSON API: everything that the pages do, and bad input."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.agreements.rules.agreements import Side
from services.agreements.settings import Settings
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.events.vocabulary import RoleName
from tests.agreements.review_support import CODES, Pair, a_pair, a_referral, rated
from tests.agreements.support import the_district
from tests.support.builders import an_actor
from tests.support.clients import Client

API = "/agreements/api/v1"
THIS_YEAR = Settings().school_calendar.year_of(utc_now().date())
LOOK_BACK = {"version": 0, "decision": "continue", "reason": "Students came.", "known_by": "Attendance."}


@pytest.fixture
async def pair(db_agreements: Database) -> Pair:
    """A school and a partner that worked together this year."""
    async with db_agreements.transaction() as session:
        found = await a_pair(session, year=THIS_YEAR)
        sent = utc_now() - timedelta(days=5)
        await a_referral(
            session, found.school_id, found.organization_id, sent_at=sent, answer_by=sent + timedelta(days=2)
        )
    return found


def ratings(rating: object, **changes: str) -> list[dict[str, Any]]:
    return [{"indicator": code, "rating": rating} | changes for code in CODES]


async def give(client: httpx.AsyncClient, pair: Pair, rating: object, **changes: str) -> httpx.Response:
    """Rate everything and give it."""
    path = f"{API}/reviews/{pair.review_id}/ratings"
    saved = await client.put(path, json={"version": 0, "ratings": ratings(rating, **changes)})
    assert saved.status_code == 200, saved.text
    return await client.post(f"{path}/give", json={"version": 1})


async def test_both_sides_rate_and_the_ratings_stand_side_by_side_when_both_are_given(
    client_agreements: Client, pair: Pair
) -> None:
    school, partner = client_agreements(pair.principal), client_agreements(pair.partner)
    path = f"{API}/reviews/{pair.review_id}"

    await give(school, pair, 4, evidence="On the school's page.")
    before = (await partner.get(path)).json()
    await give(partner, pair, "not_known")
    after = (await partner.get(path)).json()
    district = (await client_agreements(the_district()).get(path)).json()

    assert before["ratings"]["school"] == {}
    assert before["sheets"]["school"]["state"] == "given"
    assert after["ratings"]["school"]["SU5"] == {
        "indicator": "SU5",
        "answer": "4",
        "evidence": "On the school's page.",
    }
    assert after["ratings"]["partner"]["SU5"]["answer"] == "not_known"
    assert district["ratings"] == after["ratings"]
    assert (after["my_side"], district["my_side"]) == ("partner", None)
    assert (after["evidence"]["referrals"], after["evidence"]["answers_due"]) == (1, 1)


async def test_ratings_are_taken_back_and_given_again(client_agreements: Client, pair: Pair) -> None:
    school = client_agreements(pair.principal)
    path = f"{API}/reviews/{pair.review_id}/ratings"
    await give(school, pair, 2)

    back = await school.post(f"{path}/take-back", json={"version": 2})
    saved = await school.put(path, json={"version": 3, "ratings": [{"indicator": "SA1", "rating": 3}]})
    given = await school.post(f"{path}/give", json={"version": 4})

    assert [one.status_code for one in (back, saved, given)] == [200, 200, 200]
    assert given.json()["ratings"]["school"]["SA1"]["answer"] == "3"
    assert given.json()["school_ratings"] == "given"


async def test_the_year_s_end_is_written_decided_and_reopened(client_agreements: Client, pair: Pair) -> None:
    school, partner = client_agreements(pair.principal), client_agreements(pair.partner)
    path = f"{API}/reviews/{pair.review_id}/year-end"

    written = await partner.put(path, json={"version": 0, "learnt": "Buses leave too early."})
    forbidden = await partner.post(f"{path}/decide", json=LOOK_BACK | {"version": 1})
    stale = await school.post(f"{path}/decide", json=LOOK_BACK)
    done = await school.post(f"{path}/decide", json=LOOK_BACK | {"version": 1, "learnt": "Buses."})
    again = await school.post(f"{path}/reopen", json={"version": 2})

    assert [one.status_code for one in (written, forbidden, stale, done, again)] == [200, 403, 409, 200, 200]
    assert done.json()["decision"] == "continue"
    assert done.json()["year_ends"][0]["learnt"] == "Buses."
    assert again.json()["decision"] is None


async def test_reviews_are_found_by_who_may_know_of_them(client_agreements: Client, pair: Pair) -> None:
    path = f"{API}/reviews"
    everybody = {
        "school": pair.principal,
        "partner": pair.partner,
        "district": the_district(),
        "another school": an_actor(RoleName.SCHOOL_STAFF, new_id()),
    }
    totals = {name: (await client_agreements(actor).get(path)).json()["total"] for name, actor in everybody.items()}

    assert totals == {"school": 1, "partner": 1, "district": 1, "another school": 0}
    other = await client_agreements(everybody["another school"]).get(f"{path}/{pair.review_id}")
    family = await client_agreements(an_actor(RoleName.GUARDIAN, new_id())).get(path)
    assert (other.status_code, family.status_code) == (404, 403)


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ({"state": "to_rate"}, 1),
        ({"state": "rated"}, 0),
        ({"state": "to_decide"}, 1),
        ({"state": "decided"}, 0),
        ({"q": "linc city"}, 1),
        ({"q": "nobody"}, 0),
        ({"year": str(THIS_YEAR)}, 1),
        ({"year": "2019", "q": ""}, 0),
        ({"school": str(new_id())}, 0),
        ({"organization": str(new_id())}, 0),
    ],
)
async def test_reviews_are_found_by_what_fits(
    client_agreements: Client, pair: Pair, query: dict[str, str], total: int
) -> None:
    found = await client_agreements(pair.principal).get(f"{API}/reviews", params=query)

    assert found.json()["total"] == total


async def test_what_is_to_rate_is_about_the_reader_s_own_side(client_agreements: Client, pair: Pair) -> None:
    await give(client_agreements(pair.principal), pair, 3)

    found = {
        name: (await client_agreements(actor).get(f"{API}/reviews", params={"state": "to_rate"})).json()["total"]
        for name, actor in (("school", pair.principal), ("partner", pair.partner), ("district", the_district()))
    }

    assert found == {"school": 0, "partner": 1, "district": 1}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"version": 0, "ratings": [{"indicator": "SA1", "rating": 7}]}, 422, "ratings_invalid"),
        ({"version": 0, "ratings": [{"indicator": "XX1", "rating": 1}]}, 422, "ratings_invalid"),
        ({"version": 0, "ratings": [{"indicator": "SA1", "evidence": "x" * 2001}]}, 422, "ratings_invalid"),
        ({"version": -1, "ratings": []}, 422, "malformed"),
        ({"version": 0, "ratings": "all fours"}, 422, "malformed"),
        ({"version": 0, "ratings": [{"indicator": "SA1"}] * 101}, 422, "malformed"),
        ({"ratings": []}, 422, "malformed"),
    ],
)
async def test_ratings_that_are_not_in_order_change_nothing(
    client_agreements: Client, pair: Pair, body: dict[str, Any], status: int, code: str
) -> None:
    school = client_agreements(pair.principal)

    answer = await school.put(f"{API}/reviews/{pair.review_id}/ratings", json=body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    kept = (await school.get(f"{API}/reviews/{pair.review_id}")).json()
    assert kept["school_ratings"] == "not_started"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"decision": "perhaps"}, "decision"),
        ({"decision": ""}, "decision"),
        ({"reason": ""}, "reason"),
        ({"known_by": "  "}, "known_by"),
        ({"learnt": "x" * 4001}, "learnt"),
    ],
)
async def test_a_decision_that_is_not_in_order_decides_nothing(
    client_agreements: Client, pair: Pair, changes: dict[str, str], field: str
) -> None:
    school = client_agreements(pair.principal)

    answer = await school.post(f"{API}/reviews/{pair.review_id}/year-end/decide", json=LOOK_BACK | changes)

    assert answer.status_code == 422
    assert field in answer.json()["fields"]
    assert (await school.get(f"{API}/reviews/{pair.review_id}")).json()["year_ends"] == []


async def test_control_characters_do_no_harm(client_agreements: Client, pair: Pair) -> None:
    school = client_agreements(pair.principal)
    nasty = "a\x00b\x1b[2J\r\nc\u202ed <script>"

    saved = await school.put(
        f"{API}/reviews/{pair.review_id}/ratings",
        json={"version": 0, "ratings": [{"indicator": "SA1", "rating": 1, "evidence": nasty}]},
    )

    assert saved.status_code == 200
    assert "\x00" not in saved.json()["ratings"]["school"]["SA1"]["evidence"]


async def test_a_review_starts_once(client_agreements: Client, pair: Pair) -> None:
    school = client_agreements(pair.principal)
    ids = {"school_id": str(pair.school_id), "organization_id": str(pair.organization_id)}

    again = await school.post(f"{API}/reviews", json=ids | {"year": THIS_YEAR})
    over = await school.post(f"{API}/reviews", json=ids | {"year": THIS_YEAR - 3})
    absurd = await school.post(f"{API}/reviews", json=ids | {"year": 10**12})

    assert (again.status_code, again.json()["id"]) == (201, str(pair.review_id))
    assert (over.status_code, over.json()["code"]) == (409, "year_closed")
    assert absurd.status_code == 422


async def test_only_the_district_has_everybody_asked(client_agreements: Client, pair: Pair) -> None:
    refused = await client_agreements(pair.principal).post(f"{API}/reviews/ask", json={"what": "ratings"})
    asked = await client_agreements(the_district()).post(f"{API}/reviews/ask", json={"what": "ratings"})
    unknown = await client_agreements(the_district()).post(f"{API}/reviews/ask", json={"what": "applause"})

    assert [one.status_code for one in (refused, asked, unknown)] == [403, 200, 422]
    assert asked.json()["year"] == THIS_YEAR


async def test_the_framework_is_there_to_read(client_agreements: Client, pair: Pair) -> None:
    found = (await client_agreements(pair.partner).get(f"{API}/framework")).json()

    assert [len(element["indicators"]) for element in found["elements"]] == [3, 3, 2, 3, 3, 4, 5]
    assert found["elements"][1]["indicators"][2]["evidence"] == "referrals"


async def test_the_report_sums_up_what_was_given(
    db_agreements: Database, client_agreements: Client, pair: Pair
) -> None:
    school, partner = client_agreements(pair.principal), client_agreements(pair.partner)
    await give(school, pair, 4, evidence="=1+1")
    await give(partner, pair, 1)
    async with db_agreements.transaction() as session:
        other = await a_pair(session, "Roosevelt", year=THIS_YEAR, organization_id=pair.organization_id)
    await give(client_agreements(other.principal), other, 2)
    await school.post(f"{API}/reviews/{pair.review_id}/year-end/decide", json=LOOK_BACK)
    path = f"{API}/schools/{pair.school_id}/reports/{THIS_YEAR}"

    report = (await school.get(path)).json()
    table = list(csv.DictReader(io.StringIO((await school.get(f"{path}/report.csv")).text.lstrip("\ufeff"))))
    paper = await school.get(f"{path}/report.pdf")

    first = report["elements"][0]
    assert {name: first["figures"][name] for name in ("school", "partner", "mean", "lowest", "highest")} == {
        "school": 4.0,
        "partner": 1.0,
        "mean": 2.5,
        "lowest": 1,
        "highest": 4,
    }
    assert (first["district"], first["last_year"]) == (2.0, None)
    assert [step["why"] for step in first["next_steps"]] == ["apart"] * 3
    assert (report["reviews"], report["rated_by_school"], report["rated_by_partner"]) == (1, 1, 1)
    assert [line["decision"] for line in report["decisions"]] == ["continue"]
    assert len(table) == 7 + 23
    assert (table[0]["code"], table[0]["mean"], table[0]["district mean"]) == ("SA", "2.50", "2.00")
    assert table[1]["evidence"].startswith("School, City Year: =1+1")
    assert paper.headers["content-type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF-")


async def test_last_year_stands_beside_this_year(
    db_agreements: Database, client_agreements: Client, pair: Pair
) -> None:
    async with db_agreements.transaction() as session:
        before = await a_pair(
            session, year=THIS_YEAR - 1, school_id=pair.school_id, organization_id=pair.organization_id
        )
        await rated(session, before, Side.SCHOOL, 2, now=datetime(THIS_YEAR, 5, 1, tzinfo=UTC))
    school = client_agreements(pair.principal)
    await give(school, pair, 3)

    report = (await school.get(f"{API}/schools/{pair.school_id}/reports/{THIS_YEAR}")).json()

    assert {(one["figures"]["mean"], one["last_year"]) for one in report["elements"]} == {(3.0, 2.0)}


async def test_a_draft_counts_nowhere(client_agreements: Client, pair: Pair) -> None:
    school = client_agreements(pair.principal)
    await school.put(f"{API}/reviews/{pair.review_id}/ratings", json={"version": 0, "ratings": ratings(4)})

    report = (await school.get(f"{API}/schools/{pair.school_id}/reports/{THIS_YEAR}")).json()

    assert {one["figures"]["ratings"] for one in report["elements"]} == {0}


async def test_a_report_is_for_the_school_s_own_people_and_the_district(client_agreements: Client, pair: Pair) -> None:
    path = f"{API}/schools/{pair.school_id}/reports/{THIS_YEAR}"
    answers = {
        name: [
            (await client_agreements(actor).get(path + end)).status_code for end in ("", "/report.csv", "/report.pdf")
        ]
        for name, actor in {
            "school": pair.principal,
            "district": the_district(),
            "another school": an_actor(RoleName.SCHOOL_STAFF, new_id()),
            "partner": pair.partner,
            "nobody": None,
        }.items()
    }

    assert answers == {
        "school": [200] * 3,
        "district": [200] * 3,
        "another school": [404] * 3,
        "partner": [403] * 3,
        "nobody": [401] * 3,
    }
    odd = await client_agreements(the_district()).get(f"{API}/schools/{pair.school_id}/reports/99999999999")
    assert odd.status_code == 422
