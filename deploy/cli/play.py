"""Commands for trying a system out: `demo` plays the main job, `load-demo` brings the district that it plays in."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from deploy.cli.checks import verify_log
from deploy.cli.options import DATA, Data, example
from deploy.trouble import Trouble

app = typer.Typer()


@app.command(
    epilog=example("crosswalk demo", "crosswalk demo --url https://localhost:8443 --mail http://127.0.0.1:8025")
)
def demo(
    data: Data = DATA,
    url: Annotated[str, typer.Option(metavar="URL", help="Address of a system that crosswalk up did not start.")] = "",
    mail: Annotated[str, typer.Option(metavar="URL", help="Address of its mail catcher, where that is another.")] = "",
) -> None:
    """Play the main job against the running system and print each event as it happens, with its delay.

    With --url the certificate must be one that this machine trusts; SSL_CERT_FILE names another authority.
    """
    asyncio.run(_demo(data, url, mail))


@app.command("load-demo", epilog=example("crosswalk load-demo"))
def load(data: Data = DATA) -> None:
    """Bring the demo district into a running system that is still empty; done twice it changes nothing.

    `crosswalk up` does so by itself; this is for a system whose processes run on their own.
    """
    asyncio.run(_load(data))


async def _demo(data: Path, url: str, mail: str) -> None:
    from deploy.environment import own_database
    from deploy.play.main_job import MainJob
    from deploy.play.people import Refused

    screen = Console(highlight=False)
    address = url or _running(data)
    try:
        await MainJob(address, lambda words: screen.print(words, soft_wrap=True), mail=mail).play()
    except Refused as refused:
        raise Trouble(f"The system refused: {refused}") from None
    if url and not own_database():
        screen.print("\nTo check the log, run crosswalk audit verify where the databases can be reached.")
        return
    screen.print("\n[bold]The log is checked[/bold]")
    await verify_log(data, screen)


def _running(data: Path) -> str:
    """The address of the system of a data folder. Raises `Trouble` where none runs or it has no demo district."""
    from deploy.folder import DataFolder
    from deploy.runner import running_system

    state = running_system(DataFolder(data))
    if state is None:
        raise Trouble(f"Nothing runs on {data}. Start it in another window: crosswalk up")
    if not state.get("demo", "").startswith("20"):
        raise Trouble(
            "The demo plays in the demo district, and this system has none. Start one: crosswalk up --data demo"
        )
    return str(state["url"])


async def _load(data: Path) -> None:
    from deploy.folder import DataFolder
    from deploy.reach import databases

    screen = Console(highlight=False)
    async with databases(DataFolder(data), "load-demo", screen.print):
        from deploy.prepare import load_demo

        with Progress(
            TextColumn("{task.description:<20}"), BarColumn(), TaskProgressColumn(),
            console=screen, transient=True, disable=not screen.is_terminal,
        ) as bar:  # fmt: skip
            task = bar.add_task("roster and programs", total=None)
            await load_demo(lambda done, size, what: bar.update(task, completed=done, total=size, description=what))
    screen.print("[green]✓[/green] The demo district is there. Play the main job in it: crosswalk demo")
