"""Keeping a system safe: `backup`, `restore`."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.cli.options import DATA, Data, count, example
from deploy.trouble import Trouble

if TYPE_CHECKING:
    from deploy.backup.manifest import Manifest
    from deploy.backup.take import Show
    from deploy.folder import DataFolder

app = typer.Typer()


@app.command(epilog=example("crosswalk backup /backups/2026-11-22"))
def backup(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A folder that is not there yet.")], data: Data = DATA
) -> None:
    """Back up everything while it runs: all databases as of one moment, the keys, uploads and documents.

    The folder holds people's data and the signing keys: keep it as safe as the system itself.
    """
    asyncio.run(_backup(path.expanduser().resolve(), data))


@app.command(epilog=example("crosswalk restore /backups/2026-11-22 --data restored --sent /var/log/mail.log"))
def restore(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A backup.")],
    sent: Annotated[
        Path | None,
        typer.Option("--sent", metavar="FILE", help="What the mail server has taken since the backup: its log, or a "
                     "folder of mails. Mails with a Message-ID in it are not sent again."),
    ] = None,
    data: Data = DATA,
) -> None:  # fmt: skip
    """Restore a backup: into a new data folder, or into the empty databases of CROSSWALK_DATABASE_URL.

    Begin on a Kafka that is empty. Then start the services: what was on its way at the backup is told again.
    """
    asyncio.run(_restore(path.expanduser().resolve(), sent, data))


async def _backup(path: Path, data: Path) -> None:
    from deploy.folder import DataFolder
    from deploy.reach import databases

    screen = Console(highlight=False)
    folder = DataFolder(data)
    async with databases(folder, "backup", screen.print):
        from deploy.backup.take import take

        with _steps(screen) as show:
            made = await take(folder, path, show)
    size = f"{_size(path) / 1e6:,.1f} MB"
    screen.print(f"[green]✓[/green] {escape(str(path))}: {size}, as of {made.taken_at}", soft_wrap=True)
    screen.print(
        f"  The log had {made.log['entries']:,} entries; for {made.held_ms:.0f} ms no event was taken into account, "
        "and nothing else waited.", soft_wrap=True,
    )  # fmt: skip
    if not any(name.endswith(".pem") for name in made.files):
        screen.print("  The signing keys are not where this command runs: keep those of the deployment beside it.")


def _size(path: Path) -> int:
    """Bytes."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


async def _restore(path: Path, sent: Path | None, data: Path) -> None:
    from deploy.backup import manifest

    screen = Console(highlight=False)
    made = manifest.read(path)
    with screen.status("Checking the backup"):
        await asyncio.to_thread(manifest.check, path, made)
    async with _empty_place(data, made, screen):
        from deploy.backup.put_back import check_empty, restore, sent_since

        mails = sent_since(sent) if sent else frozenset()
        await check_empty(made)
        with _steps(screen) as show:
            entries = await restore(path, made, mails, show)
    screen.print(f"[green]✓[/green] Restored as of {made.taken_at}. All {entries:,} entries of the log fit.")
    if sent:
        screen.print(f"  {count(len(mails), 'mail')} that the mail server has had will not be sent again.")
    screen.print("  Next: start the services on an empty Kafka. What has happened since the backup is not in it.")


@asynccontextmanager
async def _empty_place(data: Path, made: "Manifest", screen: Console) -> AsyncIterator[None]:
    """In the block, services' settings lead to where the backup is restored to."""
    from deploy.environment import own_broker, own_database, variables
    from deploy.folder import DataFolder

    folder = DataFolder(data)
    if own_broker():
        await _empty_broker(folder)
    if own_database():
        os.environ.update(variables(folder, {}))
        yield
        return
    if folder.root.exists() and any(folder.root.iterdir()):
        raise Trouble(f"{folder.root} is not empty. Name a new folder with --data; nothing was changed.")
    # Beside its place, so that a restore that is broken off leaves nothing that looks like a system.
    part = DataFolder(folder.root.with_name(f"{folder.root.name}.part"))
    shutil.rmtree(part.root, ignore_errors=True)
    async with _server(part, screen):
        yield
    part.note(database_since=made.taken_at, **{"demo": "left out", **made.state})
    if folder.root.exists():
        folder.root.rmdir()
    part.root.rename(folder.root)


@asynccontextmanager
async def _server(folder: "DataFolder", screen: Console) -> AsyncIterator[None]:
    from deploy.environment import variables
    from deploy.postgres import Postgres

    folder.prepare()
    with folder.locked("restore"), folder.children_lock() as lock:
        postgres = Postgres(folder, inherit=[lock])
        try:
            await postgres.start(lambda words: None)
            os.environ.update(variables(folder, {"database_url": postgres.url}))
            yield
        finally:
            await asyncio.shield(postgres.stop())


async def _empty_broker(folder: "DataFolder") -> None:
    """Refuse a Kafka that tells of what the backup does not know."""
    from deploy.lag import held_records
    from deploy.reach import broker
    from shared.settings import ServiceSettings

    broker(folder)
    settings = ServiceSettings(service="operator")
    if records := await held_records(settings):
        raise Trouble(
            f"The Kafka at {settings.kafka_bootstrap_servers} holds {records:,} events, maybe from after the backup. "
            "Name an empty one, or delete its topics first; nothing was changed."
        )


@contextmanager
def _steps(screen: Console) -> "Iterator[Show]":
    with Progress(
        TextColumn("{task.description:<26}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=screen, transient=True, disable=not screen.is_terminal,
    ) as bar:  # fmt: skip
        task = bar.add_task("Beginning", total=None)
        yield lambda what, done, of: bar.update(task, description=what, completed=done, total=of)
