"""Mail that comes in: `mail take`, for the mail server of a deployment."""

import asyncio
import sys

import typer
from rich.console import Console

from deploy.cli.options import DATA, Data, count, example

app = typer.Typer()
mail = typer.Typer(
    help="Mail that comes in.", no_args_is_help=True, epilog=example("crosswalk mail take < answer.eml"),
)  # fmt: skip
app.add_typer(mail, name="mail")


@mail.command("take", epilog=example("crosswalk mail take < answer.eml"))
def take(data: Data = DATA) -> None:
    """Take one mail from standard input: the answer of a calendar program to an invitation.

    Have the mail server pipe to it what comes to the address of the setting CROSSWALK_MEETINGS_ADDRESS (by default
    `meetings` at the sender's domain); in Postfix: an alias such as `meetings: "|crosswalk mail take"`.
    """
    from deploy.answers import read_mail

    asyncio.run(_take(read_mail(sys.stdin.buffer.read()), Console(highlight=False, stderr=True), data))


async def _take(raw: bytes, screen: Console, data: Data) -> None:
    from deploy.answers import take_answer
    from deploy.folder import DataFolder
    from deploy.reach import databases

    async with databases(DataFolder(data), "mail take", screen.print):
        taken = await take_answer(raw)
    said = count(taken, "answer") if taken else "An answer to what has changed since was passed over"
    screen.print("[green]✓[/green]", said)
