"""A consumer that waits for records; where the broker wakes nobody who waits, the relay of the same process does."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakSet

from aiokafka import AIOKafkaConsumer, TopicPartition

REST = 0.5
"""Seconds after which a consumer looks without being told."""

_resting: WeakSet[asyncio.Event] = WeakSet()


def tell_published() -> None:
    """Wake the consumers of this process: there are new records."""
    for told in _resting:
        told.set()


class PatientConsumer(AIOKafkaConsumer):
    """`getmany` answers when there are records, never empty: whoever asks in a loop need not sleep between.

    `rests`: for a broker that does not answer a waiting fetch when records come, such as the embedded one. Asking it
    many times a second would cost more than all other work, so this consumer asks when it was told, and every
    half second.
    """

    def __init__(self, *topics: str, rests: bool = False, **options: Any) -> None:
        super().__init__(*topics, **options)  # type: ignore[no-untyped-call]
        self._rests, self._told = rests, asyncio.Event()
        _resting.add(self._told)

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
            if self._rests:
                with self._quiet(), suppress(TimeoutError):
                    await asyncio.wait_for(self._told.wait(), REST)

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """Ask the broker nothing meanwhile."""
        client: Any = super()
        mine = client.assignment() - client.paused()
        client.pause(*mine)
        try:
            yield
        finally:
            client.resume(*(mine & client.assignment()))
