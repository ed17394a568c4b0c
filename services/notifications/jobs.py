"""Sending what is due. A few lanes, each with a connection of its own, so that one slow address holds up no other."""

import asyncio
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

import structlog

from services.notifications import commands
from services.notifications.commands import Claim
from services.notifications.mails import mail_of
from services.notifications.rules import LEASE
from services.notifications.settings import Settings
from shared.db import Database, is_away
from shared.failpoints import hit
from shared.mail import Mailer, Permanent, Retryable
from shared.messaging import Jobs

log = structlog.get_logger()
jobs = Jobs()

LOOK = 0.1
"""Seconds between two looks of an idle lane while another is busy."""

_mailers: WeakKeyDictionary[Database, list[Mailer]] = WeakKeyDictionary()
"""Connections to the mail server, kept open between runs."""


@jobs.every(seconds=5)
async def send_due(db: Database, settings: Settings, now: datetime) -> int:
    """Send all mail that is due, and what becomes due while the slowest is under way; how many tries that took."""
    began = asyncio.get_running_loop().time()
    lanes = _Lanes(db, settings, lambda: now + timedelta(seconds=asyncio.get_running_loop().time() - began))
    mailers = _mailers_of(db, settings)
    runs = (lanes.run(place, mailer) for place, mailer in enumerate(mailers))
    # A lane that fails must not cut off the others in the middle of a mail.
    done = await asyncio.gather(*runs, return_exceptions=True)
    for failure in done:
        if isinstance(failure, BaseException):
            raise failure
    return sum(tries for tries in done if isinstance(tries, int))


def _mailers_of(db: Database, settings: Settings) -> list[Mailer]:
    if db not in _mailers:
        _mailers[db] = [Mailer(settings, deadline=settings.mail_deadline) for _ in range(settings.mail_connections)]
    return _mailers[db]


async def hang_up(db: Database) -> None:
    """Close the connections to the mail server."""
    for mailer in _mailers.pop(db, []):
        await mailer.close()


class _Lanes:
    """The lanes of one run; `clock` gives the time, counted on from the tick."""

    def __init__(self, db: Database, settings: Settings, clock: Callable[[], datetime]) -> None:
        self.db, self.settings, self.clock = db, settings, clock
        self.busy = 0

    async def run(self, place: int, mailer: Mailer) -> int:
        """Send one after another until nothing is due and no lane is busy.

        Half of the lanes take only what was never tried before: addresses that always fail cannot fill them.
        """
        fresh_only = place < self.settings.mail_connections // 2
        tries = 0
        while True:
            async with self.db.transaction() as session:
                claimed = await commands.claim(
                    session, now=self.clock(), sender=self.settings.mail_from, fresh_only=fresh_only
                )
            if claimed is not None:
                tries += 1
                await self._try(claimed, mailer)
            elif not self.busy:
                return tries
            else:
                await asyncio.sleep(LOOK)

    async def _try(self, claimed: Claim, mailer: Mailer) -> None:
        self.busy += 1
        hit("send.claimed")
        try:
            result = await self._hand_over(claimed, mailer)
            hit("send.handed_over")
            await self._record(claimed, result)
            hit("send.recorded")
        finally:
            self.busy -= 1

    async def _record(self, claimed: Claim, result: Permanent | Retryable | None) -> None:
        """Record a try, for as long as the lease lasts: a mail that is sent and not recorded would be sent twice."""
        until, jitter = self.clock() + LEASE, random.random()  # noqa: S311
        while True:
            try:
                async with self.db.transaction() as session:
                    return await commands.record(session, claimed, result, now=self.clock(), jitter=jitter)
            except Exception as error:
                if not is_away(error) or self.clock() > until:
                    raise
                log.warning("try_not_recorded_yet", delivery_id=str(claimed.delivery_id), error=repr(error))
            await asyncio.sleep(LOOK)

    async def _hand_over(self, claimed: Claim, mailer: Mailer) -> Permanent | Retryable | None:
        try:
            await mailer.send(mail_of(claimed, self.settings, self.clock()))
        except (Permanent, Retryable) as failure:
            log.info("mail_not_taken", delivery_id=str(claimed.delivery_id), reason=failure.reason)
            return failure
        except Exception as error:
            # A mail that cannot be written must not come back at once, for ever, before all others.
            log.error("mail_not_written", delivery_id=str(claimed.delivery_id), exc_info=error)
            return Retryable(type(error).__name__)
        return None


@jobs.every(seconds=15)
async def find_lost(db: Database, settings: Settings, now: datetime) -> int:
    """Find tries of which nothing was heard again, and have them made once more."""
    async with db.transaction() as session:
        await commands.give_up_lost(session, now=now)
    return 0
