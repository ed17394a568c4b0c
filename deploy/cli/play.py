"""The command that plays the main job: `demo`."""

import asyncio
from pathlib import Path

import typer
from rich.console import Console

from deploy.cli.checks import verify_log
from deploy.cli.options import DATA, Data, example
from deploy.trouble import Trouble

app = typer.Typer()


@app.command(epilog=example("crosswalk demo"))
def demo(data: Data = DATA) -> None:
    """Play the main job against the running system and print each event as it happens, with its delay."""
    asyncio.run(_demo(data))


async def _demo(data: Path) -> None:
    from deploy.folder import DataFolder
    from deploy.play.main_job import MainJob
    from deploy.play.people import Refused
    from deploy.runner import running_system

    screen = Console(highlight=False)
    state = running_system(DataFolder(data))
    if state is None:
        raise Trouble(f"Nothing runs on {data}. Start it in another window: crosswalk up")
    if not state.get("demo", "").startswith("20"):
        raise Trouble(
            "The demo plays in the demo district, and this system has none. Start one: crosswalk up --data demo"
        )
    try:
        await MainJob(state["url"], lambda words: screen.print(words, soft_wrap=True)).play()
    except Refused as refused:
        raise Trouble(f"The system refused: {refused}") from None
    screen.print("\n[bold]The log is checked[/bold]")
    await verify_log(data, screen)
