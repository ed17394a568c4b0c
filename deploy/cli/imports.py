"""Commands that bring data in and out: `roster import`, `programs import`, `programs export`."""

import asyncio
import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from deploy.cli.options import DATA, Data, count, example

if TYPE_CHECKING:
    from services.people.commands.import_roster import Outcome

SHOWN = 20
"""Lines of a report that the screen shows; all are in the file."""

app = typer.Typer()
roster = typer.Typer(
    help="Who is who: schools, students, guardians, staff.", no_args_is_help=True,
    epilog=example("crosswalk roster import roster.zip"),
)  # fmt: skip
programs = typer.Typer(
    help="What partners offer.", no_args_is_help=True,
    epilog=example("crosswalk programs import programs.csv --mapping crosswalk"),
)  # fmt: skip
app.add_typer(roster, name="roster")
app.add_typer(programs, name="programs")

Report = Annotated[Path | None, typer.Option("--report", metavar="FILE", help="Write the whole report to a CSV file.")]


@roster.command("import", epilog=example("crosswalk roster import roster.zip"))
def roster_import(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A OneRoster 1.1 or 1.2 CSV bundle: zip or folder.")],
    data: Data = DATA,
    check: Annotated[bool, typer.Option("--check", help="Only check; change nothing.")] = False,
    report: Report = None,
    many_may_leave: Annotated[
        bool, typer.Option("--even-though-many-leave", help="Apply it though many people are not in it any more.")
    ] = False,
) -> None:
    """Import a roster, all of it or nothing. Importing it twice changes nothing."""
    asyncio.run(_roster(path, data, check, report, many_may_leave))


@programs.command("import", epilog=example("crosswalk programs import programs.csv --mapping crosswalk"))
def programs_import(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A CSV file; with --mapping hsds a JSON file or a zip.")],
    mapping: Annotated[
        str,
        typer.Option(help="What its columns mean: a TOML file, or a built-in name (hsds)."),
    ],
    data: Data = DATA,
    report: Report = None,
) -> None:
    """Import partners and their programs; rows that cannot be read are reported and left out."""
    asyncio.run(_programs(path, mapping, data, report))


@programs.command("export", epilog=example("crosswalk programs export directory.zip"))
def programs_export(
    path: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Ends in .zip, .json, .ndjson (HSDS) or .csv (ours)."),
    ],
    data: Data = DATA,
) -> None:
    """Write the whole directory to a file that `programs import` reads again."""
    asyncio.run(_export(path, data))


async def _export(path: Path, data: Path) -> None:
    from deploy.folder import DataFolder
    from deploy.reach import databases

    screen = Console(highlight=False)
    async with databases(DataFolder(data), "programs export", screen.print):
        from services.agreements.export import export_directory
        from services.agreements.settings import Settings
        from shared.db import Database

        settings = Settings()
        db = Database(settings.dsn)
        programs = await export_directory(db, path, settings)
        await db.close()
    screen.print(f"[green]✓[/green] {count(programs, 'program')} in {path}", soft_wrap=True)


async def _roster(path: Path, data: Path, check: bool, report: Path | None, many_may_leave: bool) -> None:
    from deploy.folder import DataFolder
    from deploy.reach import databases

    screen = Console(highlight=False)
    async with databases(DataFolder(data), "roster import", screen.print):
        from services.people.commands.import_roster import import_roster
        from services.people.settings import Settings
        from shared.clock import utc_now
        from shared.db import Database
        from shared.identity import system

        settings = Settings()
        db = Database(settings.dsn)
        with _progress(screen) as bar:
            task = bar.add_task("Reading", total=None)

            def show(done: int, total: int, what: str) -> None:
                bar.update(task, completed=done, total=total or None, description=what)

            outcome = await import_roster(
                db, path, actor=system("people"), now=utc_now(), apply=not check, region=settings.phone_region,
                progress=show, many_may_leave=many_may_leave,
            )  # fmt: skip
        await db.close()
    lines = [(p.severity, p.file, p.line, p.column, p.value, p.reason) for p in outcome.problems]
    _show(screen, ("kind", "file", "line", "column", "value", "reason"), lines, report)
    for line in verdict(outcome, check, many_may_leave):
        screen.print(line, soft_wrap=True)
    if outcome.errors or (outcome.many_leave and not many_may_leave):
        raise typer.Exit(1)


def verdict(outcome: "Outcome", check: bool, many_may_leave: bool) -> list[str]:
    """What became of a roster, in lines for the screen."""
    warnings, new = count(outcome.warnings, "warning"), outcome.difference
    if outcome.errors:
        return [f"[red]Nothing was changed:[/red] {count(outcome.errors, 'error')}, {warnings}."]
    refused = outcome.many_leave and not many_may_leave
    done = "It holds" if refused else "The roster could be imported" if check else "Imported"
    lines = [
        f"{'[red]✗[/red]' if refused else '[green]✓[/green]'} {done}: {count(outcome.schools, 'school')}, "
        f"{count(outcome.students, 'student')}, {count(outcome.guardians, 'guardian')}, {outcome.staff:,} staff; "
        f"{warnings}.",
        f"  {new.added:,} new, {new.changed:,} changed, {new.gone:,} no longer there.",
    ]
    if refused:
        lines.append(
            f"[red]Nothing was changed:[/red] {new.leaving:,} of the {new.listed:,} people in the roster would leave. "
            "Check that this is the whole roster; if it is, import it with --even-though-many-leave."
        )
    return lines


async def _programs(path: Path, mapping: str, data: Path, report: Path | None) -> None:
    from deploy.folder import DataFolder
    from deploy.reach import databases

    screen = Console(highlight=False)
    async with databases(DataFolder(data), "programs import", screen.print):
        from services.agreements.commands import import_programs
        from services.agreements.settings import Settings
        from shared.clock import utc_now
        from shared.db import Database
        from shared.identity import system

        db = Database(Settings().dsn)
        with _progress(screen) as bar:
            task = bar.add_task("Reading", total=None)
            outcome = await import_programs(
                db, path, mapping, lambda done, size: bar.update(task, completed=done, total=size or None),
                system("agreements"), utc_now(),
            )  # fmt: skip
        await db.close()
    lines = [(line.became, line.row, line.column, line.value, line.reason) for line in outcome.report.lines]
    _show(screen, ("became", "row", "column", "value", "reason"), lines, report)
    counts = outcome.counts
    screen.print(
        f"[green]✓[/green] Imported: {count(counts.organizations, 'partner')}, {count(counts.programs, 'program')} "
        f"from {count(counts.rows, 'row')}; {count(counts.rows_refused, 'row')} left out."
    )
    screen.print(f"  {count(counts.new, 'program')} new, {counts.changed:,} changed, {counts.unchanged:,} as before.")


def _progress(screen: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<30}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    )


def _show(screen: Console, header: Sequence[str], lines: Sequence[Sequence[object]], report: Path | None) -> None:
    """The first lines of a report, and all of it in a file if one was named."""
    if lines:
        table = Table(*header, box=None, pad_edge=False)
        for line in lines[:SHOWN]:
            table.add_row(*(escape(str(cell)) for cell in line))
        screen.print(table)
        if len(lines) > SHOWN:
            screen.print(f"... and {len(lines) - SHOWN:,} more" + ("" if report else "; --report FILE writes them all"))
    if report:
        _write(report, header, lines)
        screen.print(f"The whole report: {report}", soft_wrap=True)


def _write(path: Path, header: Sequence[str], lines: Iterable[Sequence[object]]) -> None:
    from deploy.trouble import Trouble
    from shared.spreadsheets import harmless

    try:
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows([harmless(str(cell)) for cell in line] for line in lines)
    except OSError as error:
        raise Trouble(f"The report cannot be written to {path}: {error.strerror}.") from None
