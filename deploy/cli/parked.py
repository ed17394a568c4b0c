"""Commands for parked events: `parked list|show|replay|discard`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.cli.options import DATA, Data, example
from deploy.cli.running import Service
from deploy.trouble import Trouble

if TYPE_CHECKING:
    from shared.db import Database
    from shared.identity import Actor

SHOWN = 50
PATIENCE = 30.0
"""Seconds that a worker gets to take up what was asked of it, as long as it makes way."""
LOOK = 0.2

app = typer.Typer()
parked = typer.Typer(
    help="Events that a service could not take into account.", no_args_is_help=True,
    epilog=example("crosswalk parked list", "crosswalk parked show referrals 12"),
)  # fmt: skip
app.add_typer(parked, name="parked")


class WhyReplay(StrEnum):
    """As in the facts."""

    MENDED = "mended"
    ANOTHER_TRY = "another_try"


class WhyDiscard(StrEnum):
    """As in the facts."""

    NOT_OURS = "not_ours"
    DONE_BY_HAND = "done_by_hand"
    OUTDATED = "outdated"


Where = Annotated[Service, typer.Argument(help="Which service parked it.")]
Number = Annotated[int, typer.Argument(min=1, metavar="NUMBER", help="As the list shows it.")]
By = Annotated[
    str,
    typer.Option("--by", envvar="CROSSWALK_PERSON", metavar="E-MAIL", help="Who decides: somebody of the district."),
]
Note = Annotated[str, typer.Option("--note", help="More words; they stay in the service, the log keeps the reason.")]


@parked.command("list", epilog=example("crosswalk parked list", "crosswalk parked list referrals"))
def list_parked(
    service: Annotated[Service | None, typer.Argument(help="Only this service.")] = None, data: Data = DATA
) -> None:
    """What is parked, oldest first. Exit code 1 where something waits for a person."""
    asyncio.run(_list(service, data))


@parked.command("show", epilog=example("crosswalk parked show referrals 12"))
def show(
    service: Where,
    number: Number,
    data: Data = DATA,
    content: Annotated[bool, typer.Option("--content", help="Also what it says; it may name people.")] = False,
) -> None:
    """One parked event."""
    asyncio.run(_show(service, number, data, content))


@parked.command("replay", epilog=example("crosswalk parked replay referrals 12 --why mended --by office@school.org"))
def replay(
    service: Where,
    why: Annotated[WhyReplay, typer.Option(help="Why it will work now.")],
    by: By,
    numbers: Annotated[list[int] | None, typer.Argument(min=1, metavar="NUMBER...", help="Which ones.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that wait for a person.")] = False,
    note: Note = "",
    data: Data = DATA,
) -> None:
    """Have parked events tried again by this service, each once, and wait for the outcome."""
    if bool(numbers) == every:
        raise Trouble("Name the events by their numbers, or say --all.")
    asyncio.run(_replay(service, numbers, why, by, note, data))


@parked.command("discard", epilog=example("crosswalk parked discard audit 7 --why not_ours --by office@school.org"))
def discard(
    service: Where,
    number: Number,
    why: Annotated[WhyDiscard, typer.Option(help="Why it can be given up.")],
    by: By,
    note: Note = "",
    data: Data = DATA,
) -> None:
    """Give a parked event up: it never takes effect in this service."""
    asyncio.run(_discard(service, number, why, by, note, data))


@asynccontextmanager
async def database_of(service: str) -> "AsyncIterator[Database]":
    """A service's database, by the settings."""
    from shared.db import THROUGH_ALL, Database

    dsn = import_module(f"services.{service}.settings").Settings().dsn
    db = Database(dsn, pool_size=1, patience=THROUGH_ALL)
    try:
        yield db
    finally:
        await db.close()


async def person(by: str) -> "Actor":
    """Somebody of the district office, by e-mail address."""
    from services.people.queries.persons import office_by_email

    async with database_of("people") as db, db.transaction() as session:
        actor = await office_by_email(session, by)
    if actor is None:
        raise Trouble(f"Nobody of the district office has the address {by}. Name who decides with --by.")
    return actor


async def _list(service: Service | None, data: Path) -> None:
    from deploy.folder import DataFolder
    from deploy.reach import databases
    from shared.messaging.parked_list import Standing, counts, listed
    from shared.web import parked_words as words

    screen, waiting = Console(highlight=False), 0
    table = Table("service", "number", "event", "state", "tries", "why", "parked", box=None, pad_edge=False)
    async with databases(DataFolder(data), "parked list", screen.print):
        for name in [service.value] if service else words.SERVICES:
            async with database_of(name) as db, db.transaction() as session:
                waiting += (await counts(session))[Standing.PERSON]
                for event in await listed(session, limit=SHOWN):
                    when = event.parked_at.isoformat(sep=" ", timespec="seconds")
                    cells = (name, event.id, event.type or "no event", words.STANDINGS[event.standing][1],
                             event.attempts, event.reason, when)  # fmt: skip
                    table.add_row(*(escape(str(cell)) for cell in cells))
    if not table.rows:
        screen.print("[green]✓[/green] Nothing is parked.")
        return
    screen.print(table)
    if waiting:
        screen.print(f"{waiting:,} wait for a person: crosswalk parked show SERVICE NUMBER says what to do.")
        raise typer.Exit(1)


async def _show(service: Service, number: int, data: Path, content: bool) -> None:
    from deploy.folder import DataFolder
    from deploy.reach import databases
    from shared.messaging.parked_list import one, row_of
    from shared.web import parked_words as words

    screen = Console(highlight=False)
    async with (
        databases(DataFolder(data), "parked show", screen.print),
        database_of(service.value) as db,
        db.transaction() as session,
    ):
        event = await one(session, number)
        value = (await row_of(session, number))["value"]
    pairs = {
        "Event": event.type or "no event", "Id": event.event_id, "About": event.key,
        "State": words.STANDINGS[event.standing][1], "Why": words.reason(event.reason), "Detail": event.detail,
        "Tries": event.attempts, "Parked": event.parked_at, "Topic": f"{event.topic} {event.partition}:{event.offset}",
        "Bytes": event.size, "Asked for by": event.asked_by, "Settled": event.settled_how, "By": event.settled_by,
        "Because": words.why(event.why), "Note": event.note, "To do": words.to_do(event.standing, event.reason),
    }  # fmt: skip
    for name, said in pairs.items():
        if said not in (None, ""):
            screen.print(f"[bold]{name:<13}[/bold] {escape(str(said))}", soft_wrap=True)
    if content:
        screen.print(escape(bytes(value or b"").decode(errors="replace")), soft_wrap=True)


async def _replay(service: Service, numbers: list[int] | None, why: WhyReplay, by: str, note: str, data: Path) -> None:
    from deploy.folder import DataFolder
    from deploy.reach import databases
    from shared.clock import utc_now
    from shared.events import operations
    from shared.messaging.parked import ask_replay

    screen = Console(highlight=False)
    async with databases(DataFolder(data), "parked replay", screen.print), database_of(service.value) as db:
        actor, now = await person(by), utc_now()
        async with db.transaction() as session:
            ids = await ask_replay(session, numbers, actor=actor, why=operations.WhyReplay(why), note=note, now=now)
        if not ids:
            raise Trouble("None of these waits to be tried again. See crosswalk parked list.")
        left = await _taken_up(db, ids)
        failed = await _open(db, ids) - left
    if left:
        screen.print(f"{left:,} will be tried again as soon as the worker of {service.value} runs.")
    screen.print(f"[green]✓[/green] {len(ids) - failed - left:,} took effect.")
    if failed:
        screen.print(f"[red]✗[/red] {failed:,} failed again: crosswalk parked list {service.value}")
        raise typer.Exit(1)


async def _taken_up(db: "Database", ids: list[int]) -> int:
    """Wait while a worker runs and makes way; how many are still to be tried."""
    from shared.clock import utc_now
    from shared.messaging.state import workers_alive

    loop = asyncio.get_running_loop()
    before, until = -1, loop.time() + PATIENCE
    while True:
        async with db.transaction() as session:
            alive = await workers_alive(session, utc_now())
        left = await _open(db, ids, "AND asked_at IS NOT NULL")
        if left != before:
            before, until = left, loop.time() + PATIENCE
        if not left or not alive or loop.time() > until:
            return left
        await asyncio.sleep(LOOK)


async def _open(db: "Database", ids: list[int], narrowed: str = "") -> int:
    """How many of these are not settled."""
    from sqlalchemy import text

    async with db.transaction() as session:
        query = text(f"SELECT count(*) FROM parked WHERE id = ANY(:ids) AND settled_at IS NULL {narrowed}")  # noqa: S608
        return int((await session.execute(query, {"ids": ids})).scalar_one())


async def _discard(service: Service, number: int, why: WhyDiscard, by: str, note: str, data: Path) -> None:
    from deploy.folder import DataFolder
    from deploy.reach import databases
    from shared.clock import utc_now
    from shared.events import operations
    from shared.messaging import parked

    screen = Console(highlight=False)
    async with databases(DataFolder(data), "parked discard", screen.print), database_of(service.value) as db:
        actor = await person(by)
        async with db.transaction() as session:
            chosen = operations.WhyDiscard(why)
            await parked.discard(session, number, actor=actor, why=chosen, note=note, now=utc_now())
    screen.print(f"[green]✓[/green] Given up: number {number} will not take effect in {service.value}.")
