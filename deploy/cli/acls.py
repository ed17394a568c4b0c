"""`crosswalk acls`: who may do what at the brokers."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console

from deploy.cli.options import count, example
from deploy.postgres import SERVICES

app = typer.Typer()
User = StrEnum("User", {name: name for name in (*SERVICES, "scaler", "operator")})  # type: ignore[misc]


@app.command(epilog=example("crosswalk acls referrals", "crosswalk acls --check", "crosswalk acls --apply"))
def acls(
    users: Annotated[
        list[User] | None,
        typer.Argument(
            help="Which services; scaler looks at what waits. All, if none is named, but operator, who looks by this "
            "command line."
        ),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Compare with what the brokers allow.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Give what is missing. Nothing is taken away.")] = False,
    principal: Annotated[
        str,
        typer.Option(
            envvar="CROSSWALK_KAFKA_PRINCIPAL", help="What the brokers call a user, such as User:CN=crosswalk-{user}."
        ),
    ] = "User:{user}",
) -> None:
    """The least rights that each service needs at the brokers, made from what its code says and hears.

    Without an option they are printed. --check and --apply ask the brokers that CROSSWALK_KAFKA_... names, as an
    operator. Exit 1: rights are missing, or there are more than are needed.
    """
    named = [user.value for user in users or [user for user in User if user.value != "operator"]]
    if "{user}" not in principal:
        raise typer.BadParameter("--principal must say where the user's name goes: {user}")
    principals = {user: principal.replace("{user}", user) for user in named}
    if check or apply:
        asyncio.run(_ask(principals, apply))
    else:
        _show(principals)


def _show(principals: dict[str, str]) -> None:
    from deploy.acls import rights_of

    for user, principal in principals.items():
        for right in rights_of(user):
            typer.echo(f"{principal} {right}")


async def _ask(principals: dict[str, str], apply: bool) -> None:
    from deploy.acls import Right, compare, grant
    from deploy.environment import own_broker
    from shared.settings import ServiceSettings

    screen = Console(highlight=False)

    def said(principal: str, words: str, rights: Sequence[Right]) -> None:
        screen.print(f"{principal} {words} {count(len(rights), 'right')}:", soft_wrap=True, markup=False)
        for right in rights:
            screen.print(f"  {right}", soft_wrap=True, markup=False)

    given: dict[str, Any] = {"kafka_bootstrap_servers": address} if (address := own_broker()) else {}
    settings = ServiceSettings(service="operator", **given)
    standings = await compare(settings, principals)
    if apply:
        await grant(settings, standings)
    for standing in standings:
        if standing.missing:
            said(standing.principal, "was given" if apply else "lacks", standing.missing)
        if standing.beyond:
            said(standing.principal, "does not need", standing.beyond)
        if not standing.missing and not standing.beyond:
            screen.print(f"{standing.principal} has just what it needs", soft_wrap=True, markup=False)
    if any(standing.beyond or (standing.missing and not apply) for standing in standings):
        raise typer.Exit(1)
