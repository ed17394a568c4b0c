"""A year of a partnership through the public API of real processes: asked, rated by both, decided, reported."""

from typing import Any

from deploy.play.people import Caller, Json
from tests.journeys.actors import Actors
from tests.journeys.system import until
from tests.journeys.test_main_job import SENT, a_child

API = "/agreements/api/v1"
PROGRAM = "City Choir"


async def test_both_sides_are_asked_rate_decide_and_read_the_report(actors: Actors) -> None:
    child = a_child("es", 2)
    school, partner, office = await actors.staff_of(child), await actors.partner_of(PROGRAM), await actors.office()
    address = actors.address_of(PROGRAM)
    referral = await actors.refer(child, "arts", PROGRAM)
    await actors.wait_logged(referral, *SENT)
    before = await actors.mailbox.newest(address)

    asked = await office.post(f"{API}/reviews/ask", {"what": "ratings"})
    review = await until(lambda: asked_about(school, partner), "a review that both sides are asked for")
    path = f"{API}/reviews/{review['id']}"
    mail = await actors.mailbox.wait(address, after=before, holding=f"/agreements/reviews/{review['id']}")
    await until(lambda: waits(school, review["id"]), "the rating on the school's first page")
    await until(lambda: waits(partner, review["id"]), "the rating on the partner's first page")
    framework = await school.get(f"{API}/framework")
    await rate(school, path, framework, 4)
    hidden = (await partner.get(path))["ratings"]["school"]
    await rate(partner, path, framework, 2)
    done = {"version": 0, "decision": "continue", "reason": "They sing.", "known_by": "They still sing."}
    decided = await school.post(f"{path}/year-end/decide", done)
    report = await school.get(f"{API}/schools/{review['school_id']}/reports/{asked['year']}")

    assert "Please rate" in mail["text"]
    assert hidden == {}
    assert decided["evidence"]["referrals"] >= 1
    assert {one["figures"]["mean"] for one in report["elements"]} == {3.0}
    assert [one["decision"] for one in report["decisions"]] == ["continue"]
    await until(lambda: nothing_waits(school, review["id"]), "an empty first page")
    types = {"ratings.asked.v1", "ratings.given.v1", "year_end.decided.v1"}
    await until(lambda: logged(office, review["id"], types), "the review in the log")


async def asked_about(school: Caller, partner: Caller) -> Any:
    """The review between the two, once both are asked for ratings."""
    theirs = {one["id"] for one in (await partner.get(f"{API}/reviews"))["items"]}
    mine = (await school.get(f"{API}/reviews"))["items"]
    return next((one for one in mine if one["id"] in theirs and one["rate_by"]), None)


async def rate(side: Caller, path: str, framework: Json, rating: int) -> None:
    """Rate every indicator alike, and give it."""
    codes = [one["code"] for element in framework["elements"] for one in element["indicators"]]
    ratings = [{"indicator": code, "rating": rating} for code in codes]
    await side.put(f"{path}/ratings", {"version": 0, "ratings": ratings})
    await side.post(f"{path}/ratings/give", {"version": 1})


async def waiting(side: Caller) -> list[Any]:
    """What waits in partnerships, as the first page has it."""
    found: list[Any] = (await side.get("/referrals/api/v1/todos"))["items"]
    return found


async def waits(side: Caller, review_id: str) -> bool:
    """Whether the review waits for somebody."""
    return review_id in {one["about_id"] for one in await waiting(side)}


async def nothing_waits(side: Caller, review_id: str) -> bool:
    """Whether nothing about the review waits any more."""
    return not await waits(side, review_id)


async def logged(office: Caller, review_id: str, types: set[str]) -> bool:
    """Whether the log holds these events about the review."""
    found = await office.get("/audit/api/v1/entries", thing=review_id)
    return types <= {one["type"] for one in found["entries"]}
