"""Steps of a deployment: `migrate`, `topics` before it starts, `refill` after. Each may run as often as one likes."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.cli.options import DATA, Data, count, example
from deploy.cli.running import Service

if TYPE_CHECKING:
    from deploy.topics import Standing
    from shared.migrations import Upgrade

app = typer.Typer()


@app.command(epilog=example("crosswalk migrate", "crosswalk migrate referrals"))
def migrate(
    service: Annotated[Service | None, typer.Argument(help="Only this service.")] = None,
    office: Annotated[
        str | None,
        typer.Option("--office", envvar="CROSSWALK_OFFICE_EMAIL", metavar="E-MAIL",
                     help="Who may sign in first: an account of the district office, made if there is none yet."),
    ] = None,
    data: Data = DATA,
) -> None:  # fmt: skip
    """Bring the databases to the newest revision. Several may do so at once; what is done is not done again.

    Waits a minute for a database that does not answer yet. A database that a newer release has migrated is left alone.
    """
    asyncio.run(_migrate([service.value] if service else list(Service), office, data))


@app.command(epilog=example("crosswalk topics", "crosswalk topics --check"))
def topics(
    check: Annotated[bool, typer.Option("--check", help="Only look; make nothing.")] = False, data: Data = DATA
) -> None:
    """Make the topics that are missing, and show all against what the settings want.

    Exit code 1 where one stands such that events could be lost or overtake each other; nothing is changed then.
    """
    asyncio.run(_topics(check, data))


@app.command(epilog=example("crosswalk refill", "crosswalk refill --again"))
def refill(
    again: Annotated[
        bool, typer.Option("--again", help="Also what was done before: old processes have worked since.")
    ] = False,
    data: Data = DATA,
) -> None:
    """After an upgrade, when the last old process has ended: fill what services keep of others' states.

    Where they keep more of them than before, the states go out once more, from their owners to those who need them.
    """
    asyncio.run(_refill(again, data))


async def _migrate(services: list[str], office: str | None, data: Path) -> None:
    from importlib import import_module

    from deploy.folder import DataFolder
    from deploy.reach import databases
    from deploy.schema import bring_up_to_date

    screen = Console(highlight=False)
    async with databases(DataFolder(data), "migrate", screen.print, migrated=False):
        for place, name in enumerate(services, 1):
            settings = import_module(f"services.{name}.settings").Settings()
            with screen.status(f"{name} ({place} of {len(services)})"):
                done = await bring_up_to_date(name, settings.dsn)
            screen.print(f"[green]✓[/green] {name:<13} {escape(_words(done))}", soft_wrap=True)
            for revision in done.applied:
                screen.print(f"    {escape(revision)}", soft_wrap=True)
        if office and "people" in services:
            await _office(office, screen)


def _words(done: "Upgrade") -> str:
    if done.newer:
        return f"stands at {done.after}, which a newer release has made; nothing was changed"
    if not done.applied:
        return f"stands at {done.after}, the newest"
    return f"{done.before or 'empty'} → {done.after}, {count(len(done.applied), 'revision')}"


async def _office(email: str, screen: Console) -> None:
    from deploy.prepare import first_account
    from services.people.settings import Settings
    from shared.db import Database

    people = Database(Settings().dsn, pool_size=1)
    made = await first_account(people, email)
    await people.close()
    words = f"{email} may sign in for the district office" if made else "the district office has an account already"
    screen.print(f"[green]✓[/green] {escape(words)}", soft_wrap=True)


async def _refill(again: bool, data: Path) -> None:
    from deploy.folder import DataFolder
    from deploy.reach import databases
    from deploy.refill import refill, stand_ready

    screen = Console(highlight=False)
    async with databases(DataFolder(data), "refill", screen.print):
        await stand_ready()
        sent = await refill(lambda said: screen.print("[green]✓[/green]", escape(said), soft_wrap=True), again=again)
    if not sent:
        screen.print("[green]✓[/green]", "Nothing is due.")


async def _topics(check: bool, data: Path) -> None:
    from deploy.folder import DataFolder
    from deploy.reach import broker
    from deploy.topics import make_and_survey
    from shared.settings import ServiceSettings

    screen = Console(highlight=False)
    broker(DataFolder(data))
    settings = ServiceSettings(service="people")
    with screen.status("Asking the broker"):
        found = await make_and_survey(settings, make=not check)
    screen.print(_table(found, settings.kafka_partitions, settings.kafka_replication))
    wrong = [(topic.name, words) for topic in found for words in topic.wrong]
    for name, words in wrong:
        screen.print(f"[red]✗[/red] {escape(name)} {escape(words)}.", soft_wrap=True)
    if wrong:
        raise typer.Exit(1)
    made = sum(topic.made for topic in found)
    screen.print(f"[green]✓[/green] {count(len(found), 'topic')}, {made:,} made now.")


def _table(found: list["Standing"], partitions: int, replication: int) -> Table:
    table = Table("topic", f"partitions (wanted {partitions})", f"copies (wanted {replication})", "kept", "made now",
                  box=None, pad_edge=False)  # fmt: skip
    for topic in found:
        table.add_row(escape(topic.name), str(topic.partitions), str(topic.replication), _kept(topic),
                      "yes" if topic.made else "")  # fmt: skip
    return table


def _kept(topic: "Standing") -> str:
    if topic.config.get("cleanup.policy") == "compact":
        return "newest of each key"
    kept = int(topic.config.get("retention.ms", 0))
    return f"{kept / 86_400_000:g} days" if kept > 0 else "for ever" if kept < 0 else "not told"
