"""PostgreSQL is killed, or its lines are bad: 503, never 500; nothing acknowledged is lost; soon back by itself."""

import asyncio

import pytest

from tests.faults.conftest import Form
from tests.faults.proxy import Line
from tests.faults.rig import Rig, until

BACK_WITHIN = 5.0


async def test_a_killed_database_costs_only_time(rig: Rig, form: Form) -> None:
    await rig.start(webs=2, workers=2)
    await rig.load(200)
    loading = rig.meanwhile(rig.load(10**6, lanes=4))

    await rig.ground.kill_postgres()
    answers = await during(rig, form.of(2.0, 20.0))
    await rig.ground.start_postgres()
    back = await until(rig.works, "a write that works", BACK_WITHIN)
    moving = await until(rig.grows, "an effect", BACK_WITHIN)
    loading.cancel()
    verdict = await rig.verdict()

    print(f"back after {back:.1f} s, consumers {moving:.1f} s later; {dict(rig.ledger.statuses())}; {verdict}")
    assert {status for status, _ in answers} == {503}
    assert all(int(retry_after) >= 1 for _, retry_after in answers)
    assert set(rig.ledger.statuses()) <= {200, 503}
    assert verdict.clean, str(verdict)
    assert [part.deaths for part in rig.parts] == [0] * len(rig.parts)


@pytest.mark.parametrize("way", [Line.SLOW, Line.RESET, Line.BLACK_HOLE, Line.HALF_OPEN])
async def test_a_bad_line_to_it_costs_only_time(rig: Rig, form: Form, way: Line) -> None:
    await rig.start(webs=1, workers=2)
    await rig.load(100)
    await rig.quiet()

    rig.ground.postgres_line.set(way)
    loading = rig.meanwhile(rig.load(form.of(100, 1000), lanes=4, rate=50))
    await asyncio.sleep(form.of(2.0, 20.0))
    rig.ground.postgres_line.set(Line.GOOD)
    await loading
    back = await until(rig.works, "a write that works", BACK_WITHIN)
    verdict = await rig.verdict()

    print(f"{way}: back after {back:.1f} s; {dict(rig.ledger.statuses())}; unanswered {rig.unanswered}; {verdict}")
    assert set(rig.ledger.statuses()) <= {200, 503}
    assert rig.unanswered == []
    assert verdict.clean, str(verdict)
    assert [part.deaths for part in rig.parts] == [0] * len(rig.parts)


async def during(rig: Rig, seconds: float) -> list[tuple[int, str]]:
    """What is answered while the database is away: status and Retry-After."""
    found = []
    async with asyncio.timeout(seconds + 30):
        end = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end:
            answer = await rig.happen(1)
            assert answer is not None, rig.unanswered
            found.append((answer.status_code, answer.headers.get("retry-after", "0")))
            await asyncio.sleep(0.05)
    return found
