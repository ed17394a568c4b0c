"""The web process of one machine: all services' applications and the mailbox behind one gateway."""

import asyncio
import json
import os
import socket
from importlib import import_module
from pathlib import Path
from uuid import UUID

import uvicorn
from starlette.applications import Starlette

from deploy.gateway import Gateway
from deploy.mail_store import MailStore
from deploy.mailbox import create_mailbox
from deploy.postgres import SERVICES
from deploy.process import Orders, tell
from shared.clock import utc_now
from shared.db import Database
from shared.settings import ServiceSettings

SOCKET_VARIABLE = "CROSSWALK_LISTEN_FD"
MAIL_VARIABLE = "CROSSWALK_MAILBOX"
GRACE = 3
"""Seconds that requests under way get when the process stops."""


def build() -> Gateway:
    """All five applications, and the mailbox where the mail catcher runs; `/` and what nobody owns goes to people."""
    applications: dict[str, Starlette] = {
        service: import_module(f"services.{service}.app").create_app() for service in SERVICES
    }
    mail = os.environ.get(MAIL_VARIABLE)
    if mail:
        settings = ServiceSettings(service="mail")
        applications["mail"] = create_mailbox(MailStore(Path(mail)), public_url=settings.public_url, zone=settings.zone)
    return Gateway(applications, otherwise="people")


async def run(orders: Orders) -> None:
    """Serve on the socket that the runner opened, from `go` until the end of the orders."""
    config = uvicorn.Config(
        build(), log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=GRACE,
        server_header=False, proxy_headers=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    await orders.expect("go")
    listening = socket.socket(fileno=int(os.environ[SOCKET_VARIABLE]))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    tell(serving=True)
    waiting = asyncio.create_task(_obey(orders, server))
    await serving
    waiting.cancel()


async def _obey(orders: Orders, server: uvicorn.Server) -> None:
    while order := await orders.next():
        word, _, rest = order.partition(" ")
        if word == "links":
            tell(links=await sign_in_links(json.loads(rest)))
    server.should_exit = True


async def sign_in_links(personas: dict[str, str]) -> list[list[str]]:
    """For each persona (role, id) who is there: the role, the name, and the address of a link that works once."""
    from services.people.commands.sign_in import issue_setup_link
    from services.people.models import Person
    from services.people.settings import Settings

    settings = Settings()
    db = Database(settings.dsn, pool_size=1)
    links: list[list[str]] = []
    async with db.transaction() as session:
        for role, id in personas.items():
            person = await session.get(Person, UUID(id))
            if person is not None and person.active:
                link = await issue_setup_link(session, person.id, public_url=settings.public_url, now=utc_now())
                links.append([role, f"{person.given_name} {person.family_name}", link])
    await db.close()
    return links
