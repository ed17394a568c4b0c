"""`crosswalk up`: the whole system on one machine, from an empty folder to the printed links, and back."""

import asyncio
import json
import signal
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from deploy.children import Child, last_words
from deploy.folder import DataFolder
from deploy.listening import listen
from deploy.screen import Screen
from deploy.system import System
from deploy.trouble import Trouble

FIRST_PAGE = 60.0
"""Seconds that the first page gets."""
PREPARE = 600.0
"""Seconds without a word from the process that prepares the databases."""


@dataclass(frozen=True)
class Options:
    """What the person asked for."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 8000
    empty: bool = False
    """Leave the demo district out."""

    @property
    def url(self) -> str:
        """The address of the system."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{'127.0.0.1' if host in ('0.0.0.0', '[::]') else host}:{self.port}"  # noqa: S104


async def up(options: Options, screen: Screen) -> None:
    """Run until a signal asks to stop. Raises `Trouble` when it cannot start."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(wanted, stop.set)
    folder = DataFolder(options.data)
    if not folder.root.exists():
        # A port that is taken must not leave a new folder behind.
        listen(options.host, options.port).close()
    folder.prepare()
    with folder.locked("up"):
        await folder.wait_for_children()
        with folder.children_lock() as lock, listen(options.host, options.port) as listening:
            system = System(folder, listening, options.url, lock)
            try:
                await _until(stop, _start(system, options, screen))
                await stop.wait()
                screen.say("\nStopping (once more Ctrl-C: at once)")
            finally:
                await _stop(system, stop, screen)
    screen.say(f"Stopped. Everything is kept in {folder.root}")


async def _until(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do the work, but drop it when a signal asks to stop."""
    task, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not task.done():
        task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _stop(system: System, stop: asyncio.Event, screen: Screen) -> None:
    """Stop in order; a second signal leaves the order and ends at once (nothing committed is lost)."""
    stop.clear()
    await _until(stop, system.stop(screen.say))


async def _start(system: System, options: Options, screen: Screen) -> None:
    with screen.working():
        first = "database_since" not in system.folder.state()
        # The slowest comes first: it imports what it needs while the database starts.
        system.web = await system.python("web")
        await _together(_database(system, screen), _broker(system, screen), system.catch_mail())
        system.workers = await system.python("workers")
        system.note()
        if first:
            system.folder.note(demo="left out" if options.empty else "wanted")
        await _migrate(system, screen)
        with screen.step("Pages and workers"):
            await _together(_pages(system, system.web), system.go(system.workers, "working"))
            await _hear(system.web, "complete")
        system.keep(screen.say)
        await _demo(system, screen)
        links = await _links(system.web, system.folder.state().get("personas", {}))
    _show(system, links, screen)


async def _database(system: System, screen: Screen) -> None:
    if system.postgres:
        with screen.step("Database"):
            await system.postgres.start(screen.say)
        if "database_since" not in system.folder.state():
            system.folder.note(database_since=datetime.now(UTC).isoformat(timespec="seconds"))


async def _broker(system: System, screen: Screen) -> None:
    with screen.step("Broker"):
        if system.broker:
            await system.broker.start()


async def _migrate(system: System, screen: Screen) -> None:
    """Tables, unless all stand at their newest revision, which is asked in a moment."""
    from deploy.migrations import digest, stand_at

    state, now = system.folder.state(), digest()
    known = state.get("migrations", {})
    if known.get("digest") == now and await stand_at(system.state["database_url"], known["heads"]):
        return
    with screen.step("Tables"):
        said = await _order(system.workers, "migrate", "migrated")
    personas = {"District office": said["office"], **state.get("personas", {})}
    system.folder.note(migrations={"digest": now, "heads": said["migrated"]}, personas=personas)


async def _demo(system: System, screen: Screen) -> None:
    """The demo district, on the first start, or when that was cut short."""
    state = system.folder.state()
    if state.get("demo") != "wanted":
        return
    with screen.step("Demo district") as step:
        said = await _order(system.workers, "demo", "done", "finished", "failed")
        while "done" in said:
            step.advance(said["done"], said["of"], said["words"])
            said = await _hear(system.workers, "done", "finished", "failed")
    if "failed" in said:
        raise Trouble(f"The demo district could not be loaded: {said['failed']}. Start again, or with --empty.")
    since = datetime.now(UTC).isoformat(timespec="seconds")
    system.folder.note(demo=since, personas={**state["personas"], **said["finished"]})


async def _order(child: Child | None, order: str, *answers: str) -> dict[str, Any]:
    assert child is not None
    child.tell(order)
    return await _hear(child, *answers)


async def _hear(child: Child | None, *answers: str) -> dict[str, Any]:
    assert child is not None
    said = await child.hear(answers, PREPARE)
    if said is None:
        raise Trouble(
            f"The process “{child.name}” failed: {last_words(child.log) or 'it said nothing'} "
            f"Its log: {child.log}. Nothing is lost; start again."
        )
    return said


async def _together(*work: Coroutine[Any, Any, None]) -> None:
    """Do several things at the same time; the first trouble ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def _pages(system: System, web: Child) -> None:
    await system.go(web, "serving")
    await _first_page(system.url)


async def _first_page(url: str) -> None:
    def get() -> None:
        with urlopen(f"{url}/sign-in", timeout=FIRST_PAGE) as answer:  # noqa: S310
            answer.read()

    try:
        await asyncio.to_thread(get)
    except HTTPError as error:
        if error.code >= 500:
            raise Trouble(f"The first page cannot be shown ({error}). See the log of the web process.") from None
    except OSError as error:
        raise Trouble(f"The first page cannot be shown ({error}). See the log of the web process.") from None


async def _links(web: Child, personas: dict[str, str]) -> list[list[str]]:
    web.tell(f"links {json.dumps(personas)}")
    said = await web.hear(("links",), 10.0)
    return said["links"] if said else []


def _show(system: System, links: list[list[str]], screen: Screen) -> None:
    screen.say(f"\n[bold]Crosswalk runs at {system.url}[/bold] [dim](after {screen.seconds:.1f} s)[/dim]", markup=True)
    rows = [("Data folder", str(system.folder.root))]
    if system.mail:
        rows.append(("Mailbox", f"{system.url}/mail (mail is caught here, none is delivered)"))
    screen.table(rows)
    if links:
        screen.say("\nSign in as (each link works once)")
        screen.table([(who, link) for who, link in links])
    screen.say("\nStop with Ctrl-C.")
    screen.say("")


def running_system(folder: DataFolder) -> dict[str, Any] | None:
    """The state of the system that runs on this folder now; None when none does."""
    holder = folder.holder()
    state = folder.state()
    return state if holder and holder.get("purpose") == "up" and "url" in state else None
