"""What people does by itself: sends sign-in mail, checks and applies rosters, and forgets what is old."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from services.people import commands, uploads
from services.people.commands import Instead, Letter
from services.people.commands.imports import Claimed
from services.people.models import ImportState
from services.people.roster import Limits
from services.people.settings import Settings
from shared.clock import utc_now
from shared.db import Database
from shared.identity import Actor, system
from shared.mail import Permanent, Retryable, send_mail
from shared.messaging import Jobs

log = structlog.get_logger()
jobs = Jobs()


@jobs.every(seconds=1)
async def send_sign_in_mail(db: Database, settings: Settings, now: datetime) -> int:
    """Send the codes and links that were asked for."""
    async with db.transaction() as session:
        letters, dealt_with = await commands.claim_letters(
            session,
            public_url=settings.public_url,
            minutes=settings.sign_in_minutes,
            instead=Instead(frozenset(settings.oidc_required_for), settings.provider_name),
            now=now,
        )
    await asyncio.gather(*(_send(db, settings, letter) for letter in letters))
    return dealt_with


async def _send(db: Database, settings: Settings, letter: Letter) -> None:
    again = False
    try:
        await send_mail(settings, letter.mail)
    except Retryable as error:
        again = True
        log.warning("sign_in_mail_not_taken", sign_in_id=str(letter.sign_in_id), reason=error.reason)
    except Permanent as error:
        log.warning("sign_in_mail_refused", sign_in_id=str(letter.sign_in_id), reason=error.reason)
    async with db.transaction() as session:
        await commands.settle_letter(session, letter, again=again, now=utc_now())


@jobs.every(seconds=2)
async def work_on_imports(db: Database, settings: Settings, now: datetime) -> int:
    """Check the next roster that was uploaded, or apply the next one that was approved."""
    async with db.transaction() as session:
        claimed = await commands.claim_import(session, now=now)
    if claimed is None:
        return 0
    try:
        await _import(db, settings, claimed, now)
    except Exception:
        async with db.transaction() as session:
            await commands.fail_import(session, claimed.id, now=utc_now())
        raise
    return 1


async def _import(db: Database, settings: Settings, claimed: Claimed, now: datetime) -> None:
    shown = _Progress(db, claimed.id)
    async with asyncio.TaskGroup() as group:
        group.create_task(shown.keep_showing())
        try:
            outcome = await commands.import_roster(
                db,
                uploads.path_of(settings, claimed.id),
                actor=_actor(claimed.actor),
                now=now,
                progress=shown,
                apply=claimed.apply,
                many_may_leave=claimed.many_may_leave,
                import_id=claimed.id,
                limits=Limits(packed=settings.roster_upload_bytes),
                region=settings.phone_region,
            )
        finally:
            shown.over.set()
    if outcome.state is not ImportState.CHECKED:
        uploads.delete(settings, claimed.id)


class _Progress:
    """Takes progress at any rate and writes it to the import's row twice a second, in transactions of its own."""

    def __init__(self, db: Database, id: UUID) -> None:
        self.over = asyncio.Event()
        self._db, self._id = db, id
        self._now: tuple[int, int, str] = (0, 0, "Beginning")

    def __call__(self, done: int, total: int, what: str) -> None:
        self._now = (done, total, what)

    async def keep_showing(self) -> None:
        """Until it is over."""
        while not self.over.is_set():
            done, total, what = self._now
            async with self._db.transaction() as session:
                await commands.note_progress(session, self._id, done=done, total=total, what=what, now=utc_now())
            with suppress(TimeoutError):
                await asyncio.wait_for(self.over.wait(), 0.5)


def _actor(words: str) -> Actor:
    """Who brought the import, as facts name them."""
    kind, _, id = words.partition(":")
    return Actor(person_id=UUID(id), name="") if kind == "person" else system(id)


@jobs.every(seconds=3600, woken=False)
async def forget_what_is_old(db: Database, settings: Settings, now: datetime) -> int:
    """Delete used-up sign-ins, reports older than a month, and uploads that nobody applied within a week."""
    async with db.transaction() as session:
        await commands.clear_old_sign_ins(session, now=now)
        await commands.clear_old_imports(session, now=now)
        await commands.forget_ways_out(session, now=now)
    uploads.delete_older_than(settings, now - timedelta(days=7))
    return 0
