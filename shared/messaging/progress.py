"""How far a consumer got, and whether it moves: a client can hang without an error, so we look ourselves."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka import TopicPartition

LOOK_DEADLINE = 5.0
"""Seconds for the broker's answer on where topics end."""


class Stalled(Exception):
    """A consumer with work before it did not move for too long."""


class Progress:
    """What this process settled of each partition it reads, against where the partition ends."""

    def __init__(self) -> None:
        self.lag: dict[TopicPartition, int] = {}
        """Events not settled yet, as of the last look."""
        self.looks = 0
        """How many looks the broker answered."""
        self._settled: dict[TopicPartition, int] = {}
        self._since: dict[TopicPartition, tuple[int, float]] = {}

    def begin(self) -> None:
        """A new consumer: nothing is known."""
        self.lag.clear()
        self._settled.clear()
        self._since.clear()

    def settle(self, ends: Mapping[TopicPartition, int]) -> None:
        """Everything before these offsets took effect or is parked."""
        self._settled.update(ends)

    async def look(self, kafka: Any, held: Iterable[str], now: float) -> None:
        """Ask the broker where the partitions end. Raises where it does not answer; `now` in seconds, monotonic."""
        async with asyncio.timeout(LOOK_DEADLINE):
            places = kafka.assignment()
            for place in places - self._settled.keys():
                self._settled[place] = await _committed(kafka, place)
            ends = await kafka.end_offsets(places) if places else {}
        self.lag = {
            # The embedded broker says too little of the end, unless with what it delivers.
            place: max(0, end, kafka.highwater(place) or 0) - self._settled[place]
            for place, end in ends.items()
            if place in self._settled
        }
        self._settled = {place: offset for place, offset in self._settled.items() if place in places}
        self._note_moves(set(held), now)
        self.looks += 1

    def _note_moves(self, held: set[str], now: float) -> None:
        waiting = {place for place, lag in self.lag.items() if lag > 0 and place.topic not in held}
        self._since = {place: self._moved(place, now) for place in waiting}

    def _moved(self, place: TopicPartition, now: float) -> tuple[int, float]:
        settled = self._settled[place]
        before = self._since.get(place)
        return before if before and before[0] == settled else (settled, now)

    def still_for(self, now: float) -> float:
        """Seconds for which a partition with work before it has not moved; 0 where all move or none has work."""
        return max((now - since for _, since in self._since.values()), default=0.0)


async def _committed(kafka: Any, place: TopicPartition) -> int:
    committed: int | None = await kafka.committed(place)
    if committed is not None:
        return committed
    beginnings: dict[TopicPartition, int] = await kafka.beginning_offsets([place])
    return beginnings[place]
