"""The rig itself: a ledger that sees what it should, lines that break as they say, failpoints that are there."""

import asyncio
import re
from pathlib import Path

import pytest

from shared import failpoints
from tests.faults.ledger import Ledger, Verdict
from tests.faults.proxy import Line, Proxy, to_port

ROOT = Path(__file__).parents[2]


def judged(tmp_path: Path, *, effects: list[tuple[int, int, int]], waiting: tuple[int, ...] = ()) -> Verdict:
    """Four intents on one thing: three acknowledged, one of them and a fourth committed; then what is given."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.intend(7, [1, 2, 3, 4])
    ledger.answered([1, 2, 3], 200)
    ledger.found(effects, [(1, 7, 1), (2, 7, 2), (3, 7, 3), (4, 7, 4)], waiting)
    return ledger.verdict()


WHOLE = [(1, 7, 1), (2, 7, 2), (3, 7, 3), (4, 7, 4)]


def test_the_ledger_finds_nothing_where_nothing_is_wrong(tmp_path: Path) -> None:
    verdict = judged(tmp_path, effects=WHOLE)

    assert verdict.clean
    assert (verdict.intents, verdict.acknowledged, verdict.effects) == (4, 3, 4)


def test_the_ledger_sees_what_is_lost_and_what_is_stuck(tmp_path: Path) -> None:
    verdict = judged(tmp_path, effects=WHOLE[:2], waiting=(4,))

    assert (verdict.lost, verdict.stuck, verdict.clean) == (1, 1, False)


def test_the_ledger_sees_doubles_inversions_and_inventions(tmp_path: Path) -> None:
    verdict = judged(tmp_path, effects=[*WHOLE[1::-1], *WHOLE, (9, 7, 5)])

    assert (verdict.doubled, verdict.reordered, verdict.invented, verdict.clean) == (2, 1, 1, False)


def test_every_failpoint_stands_in_the_code_once() -> None:
    code = "".join(path.read_text() for part in ("shared", "services") for path in (ROOT / part).rglob("*.py"))

    assert sorted(re.findall(r'\bhit\("([\w.]+)"\)', code)) == sorted(failpoints.POINTS)


@pytest.mark.parametrize("orders", ["nowhere=kill@1", "relay.sent=explode@1", "relay.sent"])
def test_a_failpoint_that_there_is_not_is_refused(orders: str) -> None:
    with pytest.raises(ValueError, match="CROSSWALK_FAILPOINTS"):
        failpoints.arm(orders)


def test_a_failpoint_fails_at_the_passage_that_was_asked_for() -> None:
    failpoints.arm("relay.sent=fail@2")
    try:
        failpoints.hit("relay.sent")
        failpoints.hit("relay.read")
        with pytest.raises(failpoints.Failpoint):
            failpoints.hit("relay.sent")
        failpoints.hit("relay.sent")
    finally:
        failpoints.arm("")


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(100):
        writer.write(data)
    writer.close()


async def test_lines_break_as_they_say() -> None:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    proxy = Proxy(to_port(server.sockets[0].getsockname()[1]))
    await proxy.start()

    async def said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float = 0.3) -> bytes:
        writer.write(b"hello")
        return await asyncio.wait_for(reader.read(100), seconds)

    first = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await said(*first) == b"hello"
    proxy.set(Line.BLACK_HOLE)
    with pytest.raises(TimeoutError):
        await said(*first)
    proxy.set(Line.GOOD)
    assert await first[0].readexactly(5) == b"hello"
    proxy.set(Line.HALF_OPEN)
    with pytest.raises(TimeoutError):
        await said(*first)
    second = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await said(*second) == b"hello"
    proxy.set(Line.RESET)
    with pytest.raises(ConnectionResetError):
        await said(*second)
    with pytest.raises(ConnectionResetError):
        await said(*await asyncio.open_connection("127.0.0.1", proxy.port))
    await proxy.stop()
    server.close()
