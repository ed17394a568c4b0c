"""The command that plays the main job: `demo`."""

import typer

app = typer.Typer()
