"""How events flow: `lag`, `outbox lag`, `outbox republish`."""

import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.cli.options import DATA, Data, count, example
from deploy.cli.parked import By, database_of, person
from deploy.cli.running import Service
from deploy.trouble import Trouble

LATE = 60.0
"""Seconds that an event may wait before somebody should look."""

app = typer.Typer()
outbox = typer.Typer(
    help="Facts on their way to Kafka, and those that are kept.", no_args_is_help=True,
    epilog=example("crosswalk outbox lag", "crosswalk outbox republish referrals --since 2026-11-22T08:00"),
)  # fmt: skip
app.add_typer(outbox, name="outbox")


class WhyRepublish(StrEnum):
    """As in the facts."""

    LOST = "lost"
    TOPIC_MADE_ANEW = "topic_made_anew"


Some = Annotated[Service | None, typer.Argument(help="Only this service.")]


@app.command(epilog=example("crosswalk lag", "crosswalk lag notifications"))
def lag(service: Some = None, data: Data = DATA) -> None:
    """How far each service is behind what the topics hold. Exit code 1 where something waits for over a minute."""
    asyncio.run(_lag([service.value] if service else list(Service), data))


@outbox.command("lag", epilog=example("crosswalk outbox lag", "crosswalk outbox lag people"))
def outbox_lag(service: Some = None, data: Data = DATA) -> None:
    """Facts that wait to be published, and how long. Exit code 1 where one waits for over a minute."""
    asyncio.run(_outbox_lag([service.value] if service else list(Service), data))


@outbox.command(
    "republish",
    epilog=example("crosswalk outbox republish referrals --since 2026-11-22T08:00 --why lost --by office@school.org"),
)
def republish(
    service: Annotated[Service, typer.Argument(help="Whose facts.")],
    since: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], help="From when on, UTC.")
    ],
    why: Annotated[WhyRepublish, typer.Option(help="Why they are published again.")],
    by: By,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Data = DATA,
) -> None:
    """Publish again what a service has said since a moment and still keeps. Who heard it passes over it."""
    asyncio.run(_republish(service.value, since.replace(tzinfo=UTC), why, by, yes, data))


async def _lag(services: list[str], data: Path) -> None:
    from deploy.folder import DataFolder
    from deploy.lag import survey
    from deploy.reach import broker
    from shared.settings import ServiceSettings

    screen = Console(highlight=False)
    broker(DataFolder(data))
    with screen.status("Asking the broker"):
        found = await survey(ServiceSettings(service="operator"), services)
    table = Table("service", "topic", "behind", "oldest", box=None, pad_edge=False)
    for one in found:
        table.add_row(one.service, escape(one.topic), f"{one.records:,}", age(one.age) if one.records else "")
    screen.print(table)
    if any(one.records and one.age > LATE for one in found):
        screen.print("Events wait for over a minute: see docs/runbook/consumer-lag.md.")
        raise typer.Exit(1)
    behind = sum(one.records for one in found)
    screen.print("[green]✓[/green]", f"{count(behind, 'event')} on the way." if behind else "All is heard.")


async def _outbox_lag(services: list[str], data: Path) -> None:
    from sqlalchemy import text

    from deploy.folder import DataFolder
    from deploy.reach import databases

    screen, late = Console(highlight=False), False
    query = text("""
        SELECT count(*) FILTER (WHERE published_at IS NULL) AS waiting, count(*) AS kept,
               coalesce(extract(epoch FROM now() - min(created_at) FILTER (WHERE published_at IS NULL)), 0) AS age,
               min(created_at) AS since
        FROM outbox
    """)
    table = Table("service", "waiting", "oldest", "kept", "kept since (UTC)", box=None, pad_edge=False)
    async with databases(DataFolder(data), "outbox lag", screen.print):
        for service in services:
            async with database_of(service) as db, db.transaction() as session:
                row = (await session.execute(query)).one()
            late |= row.age > LATE
            since = f"{row.since.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if row.since else ""
            table.add_row(service, f"{row.waiting:,}", age(row.age) if row.waiting else "", f"{row.kept:,}", since)
    screen.print(table)
    if late:
        screen.print("Facts wait for over a minute: see docs/runbook/outbox-late.md.")
        raise typer.Exit(1)


async def _republish(service: str, since: datetime, why: WhyRepublish, by: str, yes: bool, data: Path) -> None:
    from deploy.folder import DataFolder
    from deploy.reach import databases
    from shared.clock import utc_now
    from shared.events import operations
    from shared.messaging.republish import kept_since, republish

    screen = Console(highlight=False)
    async with databases(DataFolder(data), "outbox republish", screen.print), database_of(service) as db:
        actor = await person(by)
        async with db.transaction() as session:
            kept = await kept_since(session, since)
        if not kept:
            raise Trouble(f"The outbox of {service} keeps nothing from {since:%Y-%m-%d %H:%M} on. See: outbox lag.")
        if not yes and not typer.confirm(f"Publish {count(kept, 'fact')} of {service} again?"):
            raise Trouble("Nothing was done.")
        async with db.transaction() as session:
            chosen = operations.WhyRepublish(why)
            again = await republish(session, service, since, chosen, actor=actor, now=utc_now())
    screen.print(f"[green]✓[/green] {count(again, 'fact')} will be published again as soon as the worker runs.")


def age(seconds: float) -> str:
    """A time as a person says it: `42 s`, `3 min`, `5.2 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
