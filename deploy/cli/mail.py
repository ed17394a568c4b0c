"""Mail that comes in: `mail take`, for the mail server of a deployment."""

import asyncio
import sys
from typing import Annotated

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


@mail.command("catch", epilog=example("crosswalk mail catch --smtp-port 1025 --port 8025"))
def catch(
    data: Data = DATA,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    smtp_port: Annotated[int, typer.Option(min=0, max=65535, help="Port that takes mail.")] = 1025,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the mailbox, at /mail.")] = 8025,
    whoever: Annotated[
        bool,
        typer.Option(
            "--whoever-reaches-it",
            help="Show mail to everybody who can reach the port, codes for signing in included.",
        ),
    ] = False,
) -> None:
    """Take every mail, deliver none, and show them: for a system that is tried out. Ctrl-C stops it.

    `crosswalk up` has it inside; this is for one whose processes run on their own.
    """
    from deploy.catching import Catching, catch
    from deploy.folder import DataFolder

    asyncio.run(catch(Catching(DataFolder(data).mail, host, smtp_port, port, whoever)))


async def _take(raw: bytes, screen: Console, data: Data) -> None:
    from deploy.answers import take_answer
    from deploy.folder import DataFolder
    from deploy.reach import databases

    async with databases(DataFolder(data), "mail take", screen.print):
        taken = await take_answer(raw)
    said = count(taken, "answer") if taken else "An answer to what has changed since was passed over"
    screen.print("[green]✓[/green]", said)
