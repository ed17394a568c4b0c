"""Commands that run something: `up`, `serve`, `reset`."""

import asyncio
import shutil
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.cli.options import DATA, Data, example
from deploy.postgres import SERVICES

app = typer.Typer()
Service = StrEnum("Service", {name: name for name in SERVICES})  # type: ignore[misc]


class Role(StrEnum):
    """The two processes that a service has."""

    WEB = "web"
    WORKER = "worker"


@app.command(epilog=example("crosswalk up", "crosswalk up --port 8001 --data ~/crosswalk"))
def up(
    data: Data = DATA,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the pages.")] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 opens it to the network.")] = "127.0.0.1",
    empty: Annotated[bool, typer.Option("--empty", help="Begin without the demo district.")] = False,
) -> None:
    """Start the whole system on this machine. Ctrl-C stops it.

    Instead of the embedded parts it uses CROSSWALK_DATABASE_URL, KAFKA_BOOTSTRAP_SERVERS and CROSSWALK_SMTP_HOST
    where they are set.
    """
    from deploy.runner import Options, up
    from deploy.screen import Screen

    asyncio.run(up(Options(data=data, host=host, port=port, empty=empty), Screen()))


@app.command(epilog=example("crosswalk serve referrals web --port 8003", "crosswalk serve referrals worker"))
def serve(
    service: Annotated[Service, typer.Argument(help="Which service.")],
    role: Annotated[Role, typer.Argument(help="Its pages and API, or its consumer, relay and jobs.")],
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port, for web.")] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on, for web.")] = "127.0.0.1",
) -> None:
    """Run one process of one service, as a deployment does. Settings come from CROSSWALK_... variables."""
    from deploy.serve import serve_web, serve_worker

    asyncio.run(serve_web(service.value, host, port) if role is Role.WEB else serve_worker(service.value))


@app.command(epilog=example("crosswalk reset --data ~/crosswalk"))
def reset(data: Data = DATA) -> None:
    """Empty the data folder: the database, the keys, the mail. It does not ask."""
    from deploy.folder import DataFolder

    folder = DataFolder(data)
    console = Console(highlight=False)
    if not folder.ours():
        console.print(f"There is nothing of Crosswalk in {folder.root}", soft_wrap=True)
        return
    with folder.locked("reset"):
        asyncio.run(folder.wait_for_children())
        with folder.children_lock():
            for path in folder.ours():
                _remove(path)
    console.print(f"Emptied {folder.root}", soft_wrap=True)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
