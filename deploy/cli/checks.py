"""Commands that look and say: `audit verify`, `doctor`, `invariants`."""

import asyncio
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from deploy.cli.options import DATA, Data, example
from deploy.cli.running import Service

app = typer.Typer()
audit = typer.Typer(help="The record of everything.", no_args_is_help=True, epilog=example("crosswalk audit verify"))
app.add_typer(audit, name="audit")


@audit.command("verify", epilog=example("crosswalk audit verify"))
def audit_verify(data: Data = DATA) -> None:
    """Recompute the whole log and name the first entry that does not fit."""
    asyncio.run(verify_log(data, Console(highlight=False)))


@app.command(epilog=example("crosswalk doctor"))
def doctor(data: Data = DATA) -> None:
    """Check everything that can be wrong on this machine, and say what to mend."""
    asyncio.run(_doctor(data))


@app.command(epilog=example("crosswalk invariants", "crosswalk invariants referrals"))
def invariants(
    service: Annotated[Service | None, typer.Argument(help="Only this service.")] = None, data: Data = DATA
) -> None:
    """Look now at what must always hold, in all services or one; what does not is named, with what to do."""
    asyncio.run(_invariants([service.value] if service else list(Service), data))


async def verify_log(data: Path, screen: Console) -> None:
    """Check the log and say the verdict; ends with exit code 1 when it does not fit."""
    from deploy.folder import DataFolder
    from deploy.reach import databases

    async with databases(DataFolder(data), "audit verify", screen.print):
        from services.audit.settings import Settings
        from services.audit.verify import verify
        from shared.db import Database

        db = Database(Settings().dsn)
        with Progress(
            TextColumn("Checking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=screen, transient=True, disable=not screen.is_terminal,
        ) as bar:  # fmt: skip
            task = bar.add_task("Checking", total=None)
            verdict = await verify(db, lambda done, size: bar.update(task, completed=done, total=size))
        await db.close()
    screen.print("[green]✓[/green]" if verdict.fits else "[red]✗[/red]", escape(verdict.words), soft_wrap=True)
    if not verdict.fits:
        raise typer.Exit(1)


async def _invariants(services: list[str], data: Path) -> None:
    from deploy.folder import DataFolder
    from deploy.reach import databases
    from shared.clock import utc_now
    from shared.db import Database
    from shared.messaging.invariants import find

    screen, broken, looked = Console(highlight=False), 0, 0
    async with databases(DataFolder(data), "invariants", screen.print):
        for service in services:
            db = Database(import_module(f"services.{service}.settings").Settings().dsn, pool_size=1)
            async with db.transaction() as session:
                found = await find(session, import_module(f"services.{service}.invariants").INVARIANTS, utc_now())
            await db.close()
            looked += len(found)
            for one in found:
                if one.breaches:
                    broken += 1
                    screen.print(f"[red]✗[/red] {service}: {escape(one.invariant.words)}", soft_wrap=True)
                    screen.print(f"  Not so for {one.breaches:,}: {escape(', '.join(one.things))}", soft_wrap=True)
                    screen.print(f"  [bold]To do:[/bold] {escape(one.invariant.to_do)}", soft_wrap=True)
    if broken:
        screen.print(f"\n{broken} of {looked} do not hold.")
        raise typer.Exit(1)
    screen.print(f"[green]✓[/green] All {looked} hold.")


async def _doctor(data: Path) -> None:
    from deploy.doctor import examine
    from deploy.folder import DataFolder

    screen = Console(highlight=False)
    wrong = 0
    async for finding in examine(DataFolder(data)):
        mark = "[green]✓[/green]" if finding.well else "[red]✗[/red]"
        screen.print(f"{mark} {finding.what:<12} {escape(finding.words)}", soft_wrap=True)
        if not finding.well:
            wrong += 1
            screen.print(f"  [bold]To do:[/bold] {escape(finding.to_do)}", soft_wrap=True)
    if wrong:
        screen.print(f"\n{wrong} to mend.")
        raise typer.Exit(1)
    screen.print("\nAll is well.")
