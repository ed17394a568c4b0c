"""One scenario: processes of the rig's service under load, what is done to them, and the verdict of the ledger."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import httpx

from deploy.broker import free_port
from shared.identity.keys import make_keys
from tests.faults.ground import Ground
from tests.faults.ledger import Ledger, Verdict
from tests.faults.things import Config, Failures

PATIENCE = 90.0
"""Seconds; only what is stuck ever waits so long."""


async def until(look: Callable[[], Awaitable[bool]], what: str, seconds: float = PATIENCE) -> float:
    """Look until it is so; how long that took in seconds. Raises `AssertionError` where it never is."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(seconds):
            while not await look():
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{what}: not within {seconds:g} s") from None
    return time.monotonic() - began


class Part:
    """One process of the system under test; started again when it dies, for as long as `wanted`."""

    def __init__(self, ground: Ground, kind: str, config: Config, log: Path) -> None:
        self.ground, self.kind, self.config, self.log = ground, kind, config, log
        self.pid = 0
        self.deaths = 0
        self.wanted = True
        self.arms: Callable[[], str] | None = None
        """Asked at each start for the failpoints of that process."""
        self.frozen = False
        self.start()

    def start(self) -> None:
        """Fork it and hear when it ends."""
        config = replace(self.config, failpoints=self.arms()) if self.arms else self.config
        self.pid, self.frozen = self.ground.fork(self.kind, config, self.log), False
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            self._ended()
            return
        asyncio.get_running_loop().add_reader(descriptor, self._heard_the_end, descriptor)

    def _heard_the_end(self, descriptor: int) -> None:
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)
        self._ended()

    def _ended(self) -> None:
        self.pid = 0
        self.deaths += 1
        if self.wanted:
            asyncio.get_running_loop().call_later(0.1, self.again)

    def again(self) -> None:
        """Start it if it should live and does not."""
        if self.wanted and not self.pid:
            self.start()

    def signal(self, which: signal.Signals) -> None:
        """Send a signal, if it lives."""
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, which)

    def kill(self) -> None:
        """kill -9."""
        self.signal(signal.SIGKILL)

    async def dies(self, orders: Sequence[str]) -> None:
        """Kill it, let each of the following processes die of its own failpoint, in turn; the last goes on unarmed."""
        before = self.deaths
        self.arms = lambda: dict(enumerate(orders, before + 1)).get(self.deaths, "")
        await until(lambda: _so(bool(self.pid)), f"a {self.kind}")
        self.kill()
        for number, order in enumerate(orders, before + 2):
            await until(lambda number=number: _so(self.deaths >= number), f"death of {order}")  # type: ignore[misc]

    async def is_frozen(self) -> bool:
        """Whether the kernel says that it stands still."""
        try:
            said = Path(f"/proc/{self.pid}/stat").read_text()  # noqa: ASYNC240 (memory)
        except OSError:
            return False
        return said.rpartition(")")[2].split()[0] == "T"

    def freeze(self) -> None:
        """Stop it in the middle of whatever it does; it keeps its connections and locks."""
        self.signal(signal.SIGSTOP)
        self.frozen = True

    def thaw(self) -> None:
        """Let it go on."""
        self.signal(signal.SIGCONT)
        self.frozen = False


async def _so(condition: bool) -> bool:
    return condition


class Rig:
    """A fresh database, topic and group on the common ground."""

    def __init__(self, ground: Ground, seed: int, **changes: Any) -> None:
        ground.rigs += 1
        self.ground, self.random = ground, Random(seed)
        self.name = f"rig{ground.rigs}"
        self.home = ground.home / self.name
        self.home.mkdir()
        make_keys(self.home / "keys")
        self.ledger = Ledger(self.home / "ledger.sqlite")
        self.config = Config(
            service=self.name,
            database_url=f"postgresql://postgres@127.0.0.1:{ground.postgres_line.port}/{self.name}",
            kafka=f"127.0.0.1:{ground.kafka_line.port}",
            data_dir=str(self.home),
            failures=str(self.home / "failures"),
        )
        self.config = replace(self.config, **changes)
        self.workers: list[Part] = []
        self.webs: list[Part] = []
        self.intents = 0
        self.unanswered: list[str] = []
        """Why requests got no answer."""
        self._client = httpx.AsyncClient(timeout=20)
        self._meanwhile: list[asyncio.Task[None]] = []
        self._db: asyncpg.Pool | None = None

    async def start(self, *, webs: int = 1, workers: int = 1) -> None:
        """Database, topic and processes; returns when pages answer."""
        await self.ground.make_database(self.name)
        await self.ground.make_topics(self.config.topic)
        for _ in range(workers):
            self.add_worker()
        for number in range(webs):
            config = replace(self.config, port=free_port())
            self.webs.append(Part(self.ground, "web", config, self.home / f"web{number}.log"))
        self._door = cycle(self.webs) if webs else None
        for part in self.webs:
            await until(lambda part=part: self._answers(part), "a web process")  # type: ignore[misc]

    def add_worker(self, **changes: Any) -> Part:
        """One more worker."""
        log = self.home / f"worker{len(self.workers)}.log"
        self.workers.append(Part(self.ground, "worker", replace(self.config, **changes), log))
        return self.workers[-1]

    async def _answers(self, part: Part) -> bool:
        with suppress(httpx.HTTPError):
            return (await self._client.get(f"http://127.0.0.1:{part.config.port}/livez")).status_code < 500
        return False

    @property
    def parts(self) -> list[Part]:
        """All processes."""
        return [*self.webs, *self.workers]

    async def stop(self) -> None:
        """End every process at once, and what went on meanwhile."""
        for task in self._meanwhile:
            task.cancel()
        await asyncio.gather(*self._meanwhile, return_exceptions=True)
        for part in self.parts:
            part.wanted = False
            part.kill()
        await self._client.aclose()
        if self._db is not None:
            self._db.terminate()

    def next_intents(self, count: int) -> list[int]:
        """Numbers that were never used."""
        self.intents += count
        return list(range(self.intents - count + 1, self.intents + 1))

    async def happen(
        self,
        thing: int,
        count: int = 1,
        *,
        lingers: float = 0.0,
        takes: float = 0.0,
        fails_for: Mapping[int, float] | None = None,
    ) -> httpx.Response | None:
        """One request that lets something happen to a thing `count` times; None: no answer came.

        `lingers`: seconds that it stays open after the last write; `takes`: seconds that each consumer needs for each;
        `fails_for`: of places in the request (0, 1, ...), for how many seconds after the first try they fail.
        """
        assert self._door is not None
        intents, door = self.next_intents(count), next(self._door)
        self.ledger.intend(thing, intents)
        fails = {intents[place]: seconds for place, seconds in (fails_for or {}).items()}
        body = {"intents": intents, "lingers": lingers, "takes": takes, "fails_for": fails}
        try:
            answer = await self._client.post(f"http://127.0.0.1:{door.config.port}/things/{thing}", json=body)
        except httpx.HTTPError as error:
            self.unanswered.append(repr(error))
            return None
        self.ledger.answered(intents, answer.status_code)
        return answer

    async def load(
        self, events: int, *, things: int = 50, batch: int = 5, lanes: int = 4, rate: float = 0, failing: float = 0
    ) -> None:
        """So many events in requests of `batch`, from several callers at once; one request in twenty commits late.

        `rate`: events a second at most, 0: as fast as it goes; `failing`: share of requests of which one event cannot
        be taken into account for a while.
        """
        began, requests = time.monotonic(), iter(range(events // batch))

        async def lane() -> None:
            for number in requests:
                late = rate and number * batch / rate - (time.monotonic() - began)
                await asyncio.sleep(max(0.0, late))
                lingers = self.random.uniform(0.02, 0.2) if self.random.random() < 0.05 else 0.0
                fails = {self.random.randrange(batch): self.random.uniform(0.02, 1.0)}
                fails_for = fails if self.random.random() < failing else None
                thing = self.random.randrange(things)
                if await self.happen(thing, batch, lingers=lingers, fails_for=fails_for) is None:
                    await asyncio.sleep(0.1)

        await asyncio.gather(*(lane() for _ in range(lanes)))

    def meanwhile(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let something go on beside the test; it ends with the rig at the latest, also where the test fails."""
        self._meanwhile.append(asyncio.create_task(work))
        return self._meanwhile[-1]

    def print_errors(self) -> None:
        """The last errors that each process logged; pytest shows them where the test fails."""
        for log in sorted(self.home.glob("*.log")):
            errors = [line for line in log.read_text().splitlines() if '"level": "error"' in line]
            print(f"{log.name}: {len(errors)} errors", *(line[:1500] for line in errors[-3:]), sep="\n")

    async def query(self, statement: str, *values: Any) -> Sequence[Any]:
        """Ask the database, past the breakable line."""
        if self._db is None:
            self._db = await asyncpg.create_pool(self.ground.dsn(self.name), min_size=0, max_size=2)
        found: Sequence[Any] = await self._db.fetch(statement, *values)
        return found

    async def count(self, table: str) -> int:
        """Rows, with a condition if the text has one."""
        return int((await self.query(f"SELECT count(*) FROM {table}"))[0][0])

    async def published(self, events: int) -> bool:
        """Whether so many have left the outbox."""
        return await self.count("outbox WHERE published_at IS NOT NULL") >= events

    async def works(self) -> bool:
        """Whether a write succeeds now."""
        answer = await self.happen(1)
        return answer is not None and answer.status_code == 200

    async def grows(self) -> bool:
        """Whether effects come."""
        before = await self.count("effects")
        await asyncio.sleep(0.1)
        return await self.count("effects") > before

    async def somebody_waits(self) -> bool:
        """Whether a transaction waits for the lock of another, or the inbox grew without one."""
        waiting = await self.query("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
        return bool(waiting[0][0]) or await self.count("inbox") > 0

    async def quiet(self) -> None:
        """Wait until nothing is under way."""
        await until(self.is_quiet, "quiet")

    def failures(self) -> dict[int, int]:
        """Failed tries of each intent that had any."""
        return Failures(Path(self.config.failures)).count()

    async def is_quiet(self) -> bool:
        """Whether nothing is under way: outbox published, topic read, nothing set aside that is tried by itself."""
        with suppress(Exception):
            waiting = await self.query("SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL) AS outbox")
            if waiting[0]["outbox"] or await self.query(_DUE):
                return False
            return await self.ground.lag(self.name, self.config.topic) == 0
        return False

    async def verdict(self, *, seconds: float = PATIENCE) -> Verdict:
        """Wait until nothing is under way (or for so long), and let the ledger judge."""
        with suppress(AssertionError):
            await until(self.is_quiet, "quiet", seconds)
        quiet = await self.is_quiet()
        effects = await self.query("SELECT intent, thing, number FROM effects ORDER BY id")
        committed = await self.query("SELECT intent, thing, number FROM happened")
        waiting = await self.query("SELECT value FROM outbox WHERE published_at IS NULL")
        waiting = [*waiting, *await self.query("SELECT value FROM parked WHERE settled_at IS NULL")]
        intents = [intent for row in waiting if (intent := intent_of(row["value"])) is not None]
        if not quiet and await self._lag_or_one():
            intents = [row["intent"] for row in committed]
        self.ledger.found(map(tuple, effects), map(tuple, committed), intents)
        return self.ledger.verdict()

    async def _lag_or_one(self) -> int:
        with suppress(Exception):
            return await self.ground.lag(self.name, self.config.topic)
        return 1


_DUE = """
    SELECT 1 FROM (
        SELECT DISTINCT ON (topic, key) next_try_at FROM parked WHERE settled_at IS NULL ORDER BY topic, key, id
    ) AS heads WHERE next_try_at IS NOT NULL
"""


def intent_of(value: bytes | None) -> int | None:
    """The intent in an event's value, if it is one of ours."""
    try:
        return int(json.loads(value or b"")["intent"])
    except (ValueError, KeyError, TypeError):
        return None
