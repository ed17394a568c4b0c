"""A consumer that waits for records; where the broker wakes nobody who waits, the relay of the same process does."""
# mypy: disable-error-code="no-untyped-call"

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from functools import partial
from typing import Any
from weakref import WeakSet

from aiokafka import AIOKafkaConsumer, TopicPartition

REST = 0.5
"""Seconds after which a consumer looks without being told."""

Found = dict[TopicPartition, list[Any]]

_resting: "WeakSet[PatientConsumer]" = WeakSet()


def tell_published(ends: Mapping[TopicPartition, int]) -> None:
    """Tell the consumers of this process that there are new records, up to these offsets."""
    for consumer in _resting:
        consumer.hear(ends)


class PatientConsumer(AIOKafkaConsumer):
    """`getmany` answers when there are records, never empty: whoever asks in a loop need not sleep between.

    `rests`: for a broker that does not answer a waiting fetch when records come, such as the embedded one. Asking it
    many times a second would cost more than all other work, so this consumer asks for what it was told of, and for
    everything each half second. `lingers`: seconds that it lets records gather when it was told, for consumers that
    nobody waits for.
    """

    def __init__(self, *topics: str, rests: bool = False, lingers: float = 0, **options: Any) -> None:
        super().__init__(*topics, **options)
        self._told = asyncio.Event()
        self._ends: dict[TopicPartition, int] = {}
        self._held: set[TopicPartition] = set()
        """Paused by whoever uses this consumer; the rest is paused and resumed here."""
        self._rests, self._lingers, self._looked = rests, lingers, float("-inf")
        if rests:
            _resting.add(self)

    def hear(self, ends: Mapping[TopicPartition, int]) -> None:
        """There are records up to these offsets."""
        if mine := {place: end for place, end in ends.items() if place in self.assignment()}:
            self._ends |= mine
            self._told.set()

    def pause(self, *partitions: TopicPartition) -> None:
        """Read no further there until `resume`."""
        self._held |= set(partitions)
        super().pause(*partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        """Read on there."""
        self._held -= set(partitions)
        super().resume(*partitions)

    def paused(self) -> set[TopicPartition]:
        """Where `pause` was asked for."""
        return self._held.intersection(self.assignment())

    async def getmany(self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None) -> Found:
        """Records by partition, as soon as there are any; `timeout_ms` is how long to ask before a rest."""
        ask = partial(super().getmany, *partitions, timeout_ms=timeout_ms, max_records=max_records)
        while True:
            found: Found = await (self._ask_as_told(ask) if self._rests else ask())
            if found:
                return found

    async def _ask_as_told(self, ask: Callable[[], Awaitable[Found]]) -> Found:
        self._told.clear()
        now, behind = asyncio.get_running_loop().time(), await self._behind()
        if behind:
            self._read_only(behind)
        elif now - self._looked >= REST:
            self._looked = now
            self._read_only(self.assignment())
        else:
            await self._rest(REST - (now - self._looked))
            return {}
        found = await ask()
        if found and not behind:
            # Nobody told of these, so there may be more: a backlog of before this process began.
            self._looked = float("-inf")
        # What is not behind must not be asked for while these records take effect.
        self._read_only(await self._behind())
        return found

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._told.wait(), seconds)
            await asyncio.sleep(self._lingers)

    async def _behind(self) -> set[TopicPartition]:
        """Where there is more than was read, as far as it was told."""
        asked = self.assignment() - self._held
        return {place for place, end in self._ends.items() if place in asked and await self.position(place) < end}

    def _read_only(self, places: Collection[TopicPartition]) -> None:
        for place in self.assignment() - self._held:
            (super().resume if place in places else super().pause)(place)
