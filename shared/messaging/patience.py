"""A consumer that waits for records; where the broker wakes nobody who waits, the relay of the same process does."""
# mypy: disable-error-code="no-untyped-call"

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakSet

from aiokafka import AIOKafkaConsumer, TopicPartition

REST = 0.5
"""Seconds after which a consumer looks without being told."""

_resting: "WeakSet[PatientConsumer]" = WeakSet()


def tell_published(ends: Mapping[TopicPartition, int]) -> None:
    """Tell the consumers of this process that there are new records, up to these offsets."""
    for consumer in _resting:
        consumer.hear(ends)


class PatientConsumer(AIOKafkaConsumer):
    """`getmany` answers when there are records, never empty: whoever asks in a loop need not sleep between.

    `rests`: for a broker that does not answer a waiting fetch when records come, such as the embedded one. Asking it
    many times a second would cost more than all other work, so this consumer asks when it was told, and every
    half second. `lingers`: seconds that it lets records gather when it was told, for consumers that nobody waits for.
    """

    def __init__(self, *topics: str, rests: bool = False, lingers: float = 0, **options: Any) -> None:
        super().__init__(*topics, **options)
        self._told = asyncio.Event()
        self._ends: dict[TopicPartition, int] = {}
        self._rests, self._lingers = rests, lingers
        if rests:
            _resting.add(self)

    def hear(self, ends: Mapping[TopicPartition, int]) -> None:
        """There are records up to these offsets."""
        if mine := {place: end for place, end in ends.items() if place in self.assignment()}:
            self._ends |= mine
            self._told.set()

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[Any]]:
        """Records by partition, as soon as there are any; `timeout_ms` is how long to ask before a rest."""
        while True:
            self._told.clear()
            found: dict[TopicPartition, list[Any]] = await super().getmany(
                *partitions, timeout_ms=timeout_ms, max_records=max_records
            )
            if found:
                return found
            if self._rests and not await self._behind():
                with self._quiet(), suppress(TimeoutError):
                    await asyncio.wait_for(self._told.wait(), REST)
                    await asyncio.sleep(self._lingers)

    async def _behind(self) -> bool:
        """Whether there is more than was read, as far as it was told."""
        asked = self.assignment() - self.paused()
        return any([await self.position(place) < end for place, end in self._ends.items() if place in asked])

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """Ask the broker nothing meanwhile."""
        mine = self.assignment() - self.paused()
        self.pause(*mine)
        try:
            yield
        finally:
            self.resume(*(mine & self.assignment()))
