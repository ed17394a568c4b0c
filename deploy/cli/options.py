"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path,
    typer.Option("--data", "-d", envvar="CROSSWALK_DATA_DIR", metavar="FOLDER", help="The data folder."),
]
DATA = Path("data")


def count(number: int, noun: str) -> str:
    """A number with its noun: `1 error`, `2,000 errors`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def example(*lines: str) -> str:
    """The end of a command's help: what one would type."""
    return "Example: " + "  or  ".join(f"[cyan]{line}[/cyan]" for line in lines)
