"""Restoring: into empty databases, then a few rows are set such that the outboxes replay what was on its way."""

import asyncio
import re
import shutil
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import asyncpg

from deploy.backup import manifest, programs
from deploy.backup.manifest import DATABASES, FILES, Manifest
from deploy.backup.take import Show, dsns, places
from deploy.postgres import SERVICES
from deploy.schema import bring_up_to_date
from deploy.trouble import Trouble
from services.audit.settings import Settings as AuditSettings
from services.audit.verify import verify
from services.notifications.commands import note_sent_before
from shared.clock import utc_now
from shared.db import THROUGH_ALL, Database
from shared.identity import system
from shared.messaging.restored import begin_anew

_TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
_MESSAGE_ID = re.compile(r"<[0-9a-f]{32}@[^<>\s]+>")
"""As ours look; a mail log or a folder of mails holds much else."""


async def restore(source: Path, made: Manifest, sent: Collection[str], show: Show) -> int:
    """Restore a checked backup into the empty databases of the settings; how many entries the log has now.

    `sent`: Message-IDs that the mail server has had since the backup; those mails are not sent again.
    """
    steps = len(SERVICES) + 2
    for place, (service, dsn) in enumerate(dsns().items()):
        show(f"Restoring {service}", place, steps)
        await _restore_one(service, dsn, source / DATABASES / f"{service}.dump")
        await _begin_anew(service, dsn, made, sent)
    show("Files", steps - 2, steps)
    await asyncio.to_thread(_put_files, source / FILES)
    show("Checking the log", steps - 1, steps)
    return await _check_log(made)


async def check_empty(made: Manifest) -> None:
    """Raises `Trouble` where a database is not there or holds anything, or where other keys are."""
    for service, dsn in dsns().items():
        try:
            connection = await asyncpg.connect(dsn, timeout=5)
        except asyncpg.exceptions.InvalidCatalogNameError as error:
            raise Trouble(f"There is no database for {service} ({error}). Make it: CREATE DATABASE.") from None
        try:
            if await connection.fetchval(_TABLES):
                raise Trouble(f"The database of {service} is not empty. Restore into a new one; nothing was changed.")
        finally:
            await connection.close()
    keys = places()["keys"]
    for path in keys.glob("*.p*"):
        if made.files.get(f"{FILES}/keys/{path.name}", manifest.digest(path)) != manifest.digest(path):
            raise Trouble(f"There are other keys in {keys} ({path.name}). Take them away first; nothing was changed.")


def sent_since(path: Path) -> frozenset[str]:
    """The Message-IDs of ours in a mail log, or in a folder of mails."""
    files = sorted(path.glob("*.eml")) if path.is_dir() else [path]
    found: set[str] = set()
    for file in files:
        try:
            found.update(_MESSAGE_ID.findall(file.read_text(errors="replace")))
        except OSError as error:
            raise Trouble(f"{file} cannot be read: {error.strerror}.") from None
    return frozenset(found)


async def _restore_one(service: str, dsn: str, dump: Path) -> None:
    arguments = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(dump))
    await programs.run("pg_restore", dsn, *arguments)
    if (done := await bring_up_to_date(service, dsn)).newer:
        raise Trouble(f"The backup's tables of {service} ({done.after}) are of a newer release. Restore it with that.")


async def _begin_anew(service: str, dsn: str, made: Manifest, sent: Collection[str]) -> None:
    db = Database(dsn, pool_size=1, patience=THROUGH_ALL)
    try:
        async with db.transaction() as session:
            taken_at = datetime.fromisoformat(made.taken_at)
            await begin_anew(session, service, taken_at=taken_at, actor=system(service), now=utc_now())
            if service == "notifications":
                await note_sent_before(session, sent)
    finally:
        await db.close()


def _put_files(source: Path) -> None:
    """What is there already is the same: keys, which a deployment may mount for reading only."""
    for name, place in places().items():
        for kept in sorted(path for path in (source / name).rglob("*") if path.is_file()):
            path = place / kept.relative_to(source / name)
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                shutil.copy2(kept, path)


async def _check_log(made: Manifest) -> int:
    db = Database(AuditSettings().dsn, pool_size=1)
    try:
        verdict = await verify(db)
        if not verdict.fits:
            raise Trouble(f"The log of this backup does not fit. {verdict.words}")
        if (verdict.entries, verdict.root.hex()) != (made.log["entries"], made.log["root"]) and made.log["entries"]:
            raise Trouble("The log is another one than the backup's manifest names. Somebody changed the backup.")
        return verdict.entries
    finally:
        await db.close()
