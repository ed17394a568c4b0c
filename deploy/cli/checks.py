"""Commands that look and say: `audit verify`, `doctor`."""

import asyncio
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from deploy.cli.options import DATA, Data, example

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
