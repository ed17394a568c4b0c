"""The command line: `crosswalk`. Exit codes: 0 done, 1 refused (with what to do), 2 wrong use."""

import sys
from importlib.metadata import version
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from deploy.cli import acls, checks, flow, imports, keeping, mail, parked, play, running, steps
from deploy.environment import read_secret_files
from deploy.garbage import look_seldom
from deploy.trouble import Trouble

app = typer.Typer(
    name="crosswalk",
    help="Crosswalk brings schools, community partners and families together.",
    epilog="Begin with: crosswalk up",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
PARTS = (running, steps, imports, checks, flow, parked, keeping, mail, play, acls)
for part in (module.app for module in PARTS):
    app.registered_commands += part.registered_commands
    app.registered_groups += part.registered_groups


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"crosswalk {version('crosswalk')}")
        raise typer.Exit


@app.callback()
def _whole(
    show: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line."""
    look_seldom()
    try:
        read_secret_files()
        app()
    except Exception as error:
        words = in_words(error)
        if words is None:
            raise
        Console(stderr=True, highlight=False).print("[red]✗[/red]", escape(words), soft_wrap=True)
        sys.exit(1)


def in_words(error: Any) -> str | None:
    """What to tell a person; None for what nobody foresaw."""
    if isinstance(error, Trouble):
        return str(error)
    # Known by name, so that commands which need neither class import neither.
    if type(error).__name__ == "Refusal":
        return str(error) or " ".join(error.fields.values())
    if type(error).__name__ == "ValidationError" and "Settings" in error.title:
        return f"A setting is wrong. {'; '.join(map(_setting, error.errors()))}"
    return None


def _setting(error: dict[str, Any]) -> str:
    name = "_".join(map(str, error["loc"])).upper()
    # What is wrong with several together names them itself.
    return f"CROSSWALK_{name}: {error['msg']}" if name else str(error["msg"]).removeprefix("Value error, ")
