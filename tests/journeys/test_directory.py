"""The directory through the public API of real processes: found by families, kept true by a partner, told to others."""

from typing import Any

from deploy.play.people import Json
from tests.journeys.actors import Actors
from tests.journeys.system import RunningSystem, until

API = "/agreements/api/v1"
HSDS = "/agreements/hsds"
PROGRAM = "Cook and Eat"


async def test_a_program_is_found_with_reasons_paused_by_its_partner_and_found_again(
    system: RunningSystem, actors: Actors
) -> None:
    family, partner, office = system.visitor(), await actors.partner_of(PROGRAM), await actors.office()

    (found,) = await search(family, q="cook dinner", near="Fields Corner", day="TH", free="yes")
    places = await family.get(f"{API}/neighborhoods")
    path = f"{API}/programs/{found['id']}"
    await partner.post(f"{path}/pause", {"version": found["version"], "reason": "The kitchen is being mended"})
    gone = await search(family, q="cook dinner")
    told = await family.get(f"{HSDS}/services/{found['id']}")
    paused = await family.get(path)
    await partner.post(f"{path}/reopen", {"version": paused["version"]})
    confirmed = await partner.post(f"{path}/confirm", {})
    (again,) = await search(family, q="cook dinner")

    assert found["name"] == PROGRAM
    assert {one["what"] for one in found["why"]} == {"words", "time", "free", "near"}
    assert "Fields Corner" in {place["name"] for place in places}
    assert gone == []
    assert told["status"] == "temporarily closed"
    assert again["confirmed_at"] == confirmed["confirmed_at"] >= found["confirmed_at"]

    async def logged() -> bool:
        entries = (await office.get("/audit/api/v1/entries", thing=found["id"]))["entries"]
        return {"program.closed.v1", "program.opened.v1"} <= {one["type"] for one in entries}

    await until(logged, "what happened to the program in the log")


async def test_a_school_says_who_has_an_agreement_with_it_and_the_whole_directory_can_be_copied(
    system: RunningSystem, actors: Actors
) -> None:
    family = system.visitor()
    schools = {one["name"]: one["id"] for one in await family.get(f"{API}/schools")}

    school = await family.get(f"{API}/schools/{schools['Foundry Hill K-8 School']}")
    page = await family.get(f"{HSDS}/services", per_page=100, full="true")

    assert [(one["name"], one["agreed"]) for one in school["partners"]] == [("Casa Abierta", True)]
    assert [program["name"] for program in school["partners"][0]["programs"]] == ["Inglés en Familia", "Mentores"]
    assert page["total_items"] >= 40
    placed = [one for one in page["contents"] if one.get("service_at_locations")]
    assert all("latitude" in one["service_at_locations"][0]["location"] for one in placed if _has_place(one))


def _has_place(service: Json) -> bool:
    return bool(service["service_at_locations"][0]["location"].get("name"))


async def search(who: Any, **query: str) -> list[Json]:
    """What somebody finds, best first."""
    found: list[Json] = (await who.get(f"{API}/programs", **query))["items"]
    return found
