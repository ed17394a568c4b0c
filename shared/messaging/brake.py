"""The brake: a topic of which everything fails is held, instead of being set aside event by event. No I/O."""

from collections import deque
from datetime import datetime, timedelta

IN_A_ROW = 10
"""So many failures in a row stop a topic."""
OF_THE_LAST = 100
SHARE = 20
"""More failures than these among so many outcomes stop it too."""
PAUSES = (1.0, 5.0, 15.0, 60.0)
"""Seconds until one event is tried again; the last one is repeated."""


class Brake:
    """Of one topic in one process: open, or held until the next try."""

    def __init__(self, pauses: tuple[float, ...] = PAUSES) -> None:
        self.pauses = pauses
        self.until: datetime | None = None
        """When one event is tried again; None: open."""
        self.tries = 0
        """Tries since it stopped."""
        self._lenient = False
        self._in_a_row = 0
        self._recent: deque[bool] = deque(maxlen=OF_THE_LAST)

    def holds(self, now: datetime) -> bool:
        """Whether nothing may be tried now."""
        return self.until is not None and now < self.until

    def tries_one(self, now: datetime) -> bool:
        """Whether the pause is over: events are tried one by one, and the first that works opens the brake."""
        return self.until is not None and now >= self.until

    def worked(self, count: int = 1) -> bool:
        """Events took effect; whether that opened the brake."""
        opened = self.until is not None or self._lenient
        if opened:
            self._recent.clear()
        self.until, self.tries, self._lenient, self._in_a_row = None, 0, False, 0
        self._recent.extend([True] * min(count, OF_THE_LAST))
        return opened

    def failed(self, now: datetime) -> bool:
        """An event failed; whether the topic is to be held, this event included."""
        if self._lenient:
            return False
        self._in_a_row += 1
        self._recent.append(False)
        many = len(self._recent) == OF_THE_LAST and self._recent.count(False) > SHARE
        if self.until is None and self._in_a_row < IN_A_ROW and not many:
            return False
        pause = self.pauses[min(self.tries, len(self.pauses) - 1)]
        self.tries, self.until = self.tries + 1, now + timedelta(seconds=pause)
        return True

    def hold(self, until: datetime, tries: int) -> None:
        """Stand where an earlier process stood."""
        self.until, self.tries = until, tries

    def release(self) -> None:
        """It works elsewhere: hold no more."""
        self.until, self.tries = None, 0

    def let_go(self) -> None:
        """Somebody wants what fails set aside: hold no more, until something works again."""
        self.until, self.tries, self._lenient = None, 0, True
