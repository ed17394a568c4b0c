"""Sending what is due, over a few connections at a time, so that one slow address holds up no other."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
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
from shared.mail import Mailer, Permanent, Retryable, Sealed, seal
from shared.messaging import Jobs
from shared.observability import Trace, traced
from shared.observability.spans import span

log = structlog.get_logger()
jobs = Jobs()

LOOK = 0.1
"""Seconds between two looks for more while a connection is busy."""

HEAD_START = 0.05
"""Seconds that mail somebody waits for is ahead of the rest: to write the others takes this process's time."""

Written = Sealed | Permanent | Retryable
"""A mail that can go, or why it cannot."""

_mailers: WeakKeyDictionary[Database, list[Mailer]] = WeakKeyDictionary()
"""Connections to the mail server, kept open between runs."""


@jobs.every(seconds=5)
async def send_due(db: Database, settings: Settings, now: datetime) -> int:
    """Send all mail that is due, and what becomes due while the slowest is under way; how many tries that took."""
    began = asyncio.get_running_loop().time()
    lanes = _Lanes(db, settings, lambda: now + timedelta(seconds=asyncio.get_running_loop().time() - began))
    return await lanes.run(_mailers_of(db, settings))


def _mailers_of(db: Database, settings: Settings) -> list[Mailer]:
    if db not in _mailers:
        _mailers[db] = [Mailer(settings, deadline=settings.mail_deadline) for _ in range(settings.mail_connections)]
    return _mailers[db]


async def hang_up(db: Database) -> None:
    """Close the connections to the mail server."""
    for mailer in _mailers.pop(db, []):
        await mailer.close()


class _Lanes:
    """One run over all connections; `clock` gives the time, counted on from the tick.

    A quarter of the connections takes what was tried before, the others only what was not: addresses that always fail
    hold up no first try.
    """

    def __init__(self, db: Database, settings: Settings, clock: Callable[[], datetime]) -> None:
        self.db, self.settings, self.clock = db, settings, clock
        self.idle: dict[bool, list[Mailer]] = {}
        self.busy: dict[asyncio.Task[None], tuple[bool, Mailer]] = {}

    async def run(self, mailers: Sequence[Mailer]) -> int:
        """Hand out what is due until nothing is left of it and nobody is busy; how many tries that took."""
        quarter = max(1, len(mailers) // 4)
        self.idle = {False: list(mailers[quarter:]), True: list(mailers[:quarter])}
        tries, look, limited = 0, True, True
        try:
            while look or self.busy:
                if look:
                    handed_out, limited = await self._hand_out()
                    tries += handed_out
                look = bool(self.busy) and (await self._wait() or limited)
        finally:
            # One that fails must not cut off the others in the middle of a mail.
            await asyncio.gather(*self.busy, return_exceptions=True)
        return tries

    async def _hand_out(self) -> tuple[int, bool]:
        """Give each idle connection what is due; how many that were, and whether connections were too few for more."""
        asked = {again: len(idle) for again, idle in self.idle.items()}
        async with self.db.transaction() as session:
            claims = await commands.claim(
                session, now=self.clock(), sender=self.settings.mail_from, first=asked[False], again=asked[True]
            )
            # What somebody waits for is written while the database commits.
            awaited = [(one, asyncio.create_task(self._write(one))) for one in claims if one.awaited]
        self._begin(awaited)
        if awaited and len(awaited) < len(claims):
            await asyncio.wait(self.busy, timeout=HEAD_START)
        self._begin([(one, None) for one in claims if not one.awaited])
        return len(claims), not all(self.idle.values())

    def _begin(self, claims: Sequence[tuple[Claim, Awaitable[Written] | None]]) -> None:
        for claimed, written in claims:
            mailer = self.idle[claimed.again].pop()
            self.busy[asyncio.create_task(self._try(claimed, written, mailer))] = (claimed.again, mailer)

    async def _wait(self) -> bool:
        """Wait until a connection is idle again, or until it is time to look for more, which is the answer."""
        done, _ = await asyncio.wait(self.busy, timeout=LOOK, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            again, mailer = self.busy.pop(task)
            self.idle[again].append(mailer)
            task.result()
        return not done

    async def _try(self, claimed: Claim, written: Awaitable[Written] | None, mailer: Mailer) -> None:
        hit("send.claimed")
        with span("send e-mail", "CLIENT", claimed.message.traceparent) as opened:
            mail = await (written or self._write(claimed))
            result = None if claimed.sent_before else await self._hand_over(claimed, mail, mailer)
        hit("send.handed_over")
        with traced(Trace(traceparent=opened.traceparent)):
            await self._record(claimed, result)
        hit("send.recorded")

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

    async def _write(self, claimed: Claim) -> Written:
        try:
            return seal(mail_of(claimed, self.settings, self.clock()), self.settings.mail_from)
        except (Permanent, Retryable) as failure:
            return failure
        except Exception as error:
            # A mail that cannot be written must not come back at once, for ever, before all others.
            log.error("mail_not_written", delivery_id=str(claimed.delivery_id), exc_info=error)
            return Retryable(type(error).__name__)

    async def _hand_over(self, claimed: Claim, mail: Written, mailer: Mailer) -> Permanent | Retryable | None:
        try:
            if not isinstance(mail, Sealed):
                raise mail
            await mailer.send(mail)
        except (Permanent, Retryable) as failure:
            log.info("mail_not_taken", delivery_id=str(claimed.delivery_id), reason=failure.reason)
            return failure
        except Exception as error:
            # Our own settings included: it is tried again as often as any other, and then the referrer hears.
            log.error("mail_not_handed_over", delivery_id=str(claimed.delivery_id), exc_info=error)
            return Retryable(type(error).__name__)
        return None


@jobs.every(seconds=15, woken=False)
async def find_lost(db: Database, settings: Settings, now: datetime) -> int:
    """Find tries of which nothing was heard again, and have them made once more."""
    async with db.transaction() as session:
        await commands.give_up_lost(session, now=now)
    return 0
