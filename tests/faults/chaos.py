"""Blows at random: kill -9 and freezes of the rig's processes and of Kafka; repeatable from the seed."""

import asyncio
from collections import Counter
from collections.abc import Coroutine

from tests.faults.rig import Part, Rig


class Chaos:
    """Deals blows until so many were dealt; several freezes may overlap."""

    def __init__(self, rig: Rig, *, freeze: tuple[float, float], gap: float, kafka_every: int = 10) -> None:
        """`freeze`: shortest and longest, `gap` between two blows, in seconds; each so-many-th blow hits Kafka."""
        self.rig, self.freeze, self.gap, self.kafka_every = rig, freeze, gap, kafka_every
        self.dealt: Counter[str] = Counter()
        self._thaws: set[asyncio.Task[None]] = set()
        self._kafka_is_down = False

    async def deal(self, blows: int) -> None:
        """So many; returns when whoever was hit is up again."""
        for number in range(1, blows + 1):
            if number % self.kafka_every == 0 and not self._kafka_is_down:
                self._later(self._hit_kafka())
            else:
                self._hit_one()
            await asyncio.sleep(self.gap)
        if self._thaws:
            await asyncio.gather(*self._thaws)

    def _hit_one(self) -> None:
        random, standing = self.rig.random, [part for part in self.rig.parts if part.pid and not part.frozen]
        if not standing:
            return
        part = random.choice(standing)
        # At most half of them stand still at a time, or nothing would be left to hit.
        if random.random() < 0.6 or len(standing) <= len(self.rig.parts) / 2:
            self.dealt[f"{part.kind} killed"] += 1
            part.kill()
        else:
            self.dealt[f"{part.kind} frozen"] += 1
            self._later(self._freeze(part, random.uniform(*self.freeze)))

    async def _freeze(self, part: Part, seconds: float) -> None:
        part.freeze()
        await asyncio.sleep(seconds)
        part.thaw()

    async def _hit_kafka(self) -> None:
        kafka, random = self.rig.ground.kafka, self.rig.random
        self._kafka_is_down = True
        if random.random() < 0.5:
            self.dealt["kafka killed"] += 1
            await asyncio.to_thread(kafka.kill)
            await asyncio.to_thread(kafka.start)
        else:
            self.dealt["kafka frozen"] += 1
            kafka.pause()
            await asyncio.sleep(random.uniform(*self.freeze))
            kafka.resume()
        self._kafka_is_down = False

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._thaws.add(task)
        task.add_done_callback(self._thaws.discard)
