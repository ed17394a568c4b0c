"""The main job while parts of the system are killed: nothing is lost, nothing happens twice."""

import asyncio

from tests.journeys.actors import Actors
from tests.journeys.system import RunningSystem
from tests.journeys.test_main_job import SENT, a_child


async def test_a_broker_that_loses_everything_loses_and_doubles_nothing(system: RunningSystem, actors: Actors) -> None:
    child = a_child("es", 30)
    first = await actors.refer(child, "sports", "Every Kid Plays")
    await actors.wait_mail(actors.address_of("Every Kid Plays"), about=first)
    office = await actors.office()
    before = (await office.get("/audit/api/v1/tree"))["size"]

    gone = asyncio.create_task(system.kill_part("tansu"))
    second = await actors.refer(child, "arts", "City Choir")
    await gone
    await actors.answer("Every Kid Plays", first, "accept")

    await actors.wait_mail(actors.address_of("City Choir"), about=second)
    await actors.wait_logged(first, *SENT, "acknowledged", "accepted")
    await actors.wait_logged(second, *SENT)
    # Everything was published again before that; a fact that took effect twice would be there by now.
    assert len(await actors.mails(actors.address_of("Every Kid Plays"), about=first)) == 1
    assert len(await actors.mails(actors.address_of("City Choir"), about=second)) == 1
    assert (await office.get("/audit/api/v1/tree"))["size"] < before + 40
    assert (await system.run("audit", "verify")).returncode == 0


async def test_workers_and_pages_that_are_killed_in_the_middle_go_on_where_they_were(
    system: RunningSystem, actors: Actors
) -> None:
    child = a_child("es", 31)

    referral = await actors.refer(child, "housing", "Stay at Home Fund")
    await system.kill_part("workers")
    await actors.wait_mail(actors.address_of("Stay at Home Fund"), about=referral)
    await system.kill_part("web")
    await actors.answer("Stay at Home Fund", referral, "accept")

    await actors.wait_logged(referral, *SENT, "acknowledged", "accepted")


async def test_a_database_that_is_killed_comes_back_with_everything(system: RunningSystem, actors: Actors) -> None:
    child = a_child("es", 32)
    referral = await actors.refer(child, "health", "Asthma at School")

    await system.kill_part("postgres")

    await actors.wait_mail(actors.address_of("Asthma at School"), about=referral)
    await actors.wait_logged(referral, *SENT)


async def test_after_a_clean_stop_everything_is_as_it_was_and_nothing_is_told_again(
    system: RunningSystem, actors: Actors
) -> None:
    child = a_child("es", 33)
    referral = await actors.refer(child, "food", "Cook and Eat")
    await actors.wait_mail(actors.address_of("Cook and Eat"), about=referral)

    said = await system.stop()
    logged = len(system.log("workers"))
    await system.start()

    assert "Some events were still on their way" not in said
    await actors.answer("Cook and Eat", referral, "accept")
    await actors.wait_logged(referral, *SENT, "acknowledged", "accepted")
    assert len(await actors.mails(actors.address_of("Cook and Eat"), about=referral)) == 1
    assert "published_again" not in system.log("workers")[logged:]
    assert "Demo district" not in system.output.read_text()


async def test_a_runner_that_is_killed_leaves_nothing_in_the_way_and_loses_nothing(
    system: RunningSystem, actors: Actors
) -> None:
    child = a_child("es", 34)
    referral = await actors.refer(child, "academic", "Reading Partners")

    await system.kill()
    await system.start()

    await actors.wait_mail(actors.address_of("Reading Partners"), about=referral)
    await actors.wait_logged(referral, *SENT)
    assert (await system.run("audit", "verify")).returncode == 0
