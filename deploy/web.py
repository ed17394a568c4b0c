"""The web process of one machine: all services' applications and the mailbox behind one gateway."""

import asyncio
import json
import os
import socket
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from deploy.garbage import look_seldom
from deploy.gateway import Gateway
from deploy.postgres import SERVICES
from deploy.process import Orders, tell
from shared.clock import utc_now
from shared.db import Database
from shared.identity.keys import make_keys
from shared.settings import ServiceSettings

SOCKET_VARIABLE = "CROSSWALK_LISTEN_FD"
MAIL_VARIABLE = "CROSSWALK_MAILBOX"
FIRST = "people"
"""The service whose page everybody sees first; it also answers for whatever no other service owns."""
GRACE = 3
"""Seconds that requests under way get when the process stops."""


async def run(orders: Orders) -> None:
    """Serve on the socket that the runner opened, from `go` until the end of the orders."""
    names = [*SERVICES, "mail"] if os.environ.get(MAIL_VARIABLE) else SERVICES
    gateway = Gateway(names, otherwise=FIRST)
    config = uvicorn.Config(
        gateway, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=GRACE,
        server_header=False, proxy_headers=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    first = _application(FIRST)
    make_keys(ServiceSettings(service=FIRST).keys_dir)
    await orders.expect("go")
    listening = socket.socket(fileno=int(os.environ[SOCKET_VARIABLE]))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    await gateway.join(FIRST, first)
    tell(serving=True)
    joining = asyncio.create_task(_join_others(gateway, names))
    obeying = asyncio.create_task(_obey(orders, server))
    done, _ = await asyncio.wait({serving, joining}, return_when=asyncio.FIRST_EXCEPTION)
    obeying.cancel()
    for task in done:
        task.result()


async def _join_others(gateway: Gateway, names: Iterable[str]) -> None:
    """The first page can be seen while the other services are still being imported."""
    for name in names:
        if name != FIRST:
            await gateway.join(name, await asyncio.to_thread(_mailbox if name == "mail" else _application, name))
    look_seldom()
    tell(complete=True)


def _application(service: str) -> Starlette:
    application: Starlette = import_module(f"services.{service}.app").create_app()
    return application


def _mailbox(name: str) -> Starlette:
    from deploy.mail_store import MailStore
    from deploy.mailbox import create_mailbox

    settings = ServiceSettings(service=name)
    store = MailStore(Path(os.environ[MAIL_VARIABLE]))
    return create_mailbox(store, public_url=settings.public_url, zone=settings.zone)


async def _obey(orders: Orders, server: uvicorn.Server) -> None:
    while order := await orders.next():
        word, _, rest = order.partition(" ")
        if word == "links":
            tell(links=await _links(json.loads(rest)))
    server.should_exit = True


async def _links(personas: dict[str, str]) -> list[tuple[str, str]]:
    from deploy.links import sign_in_links
    from services.people.settings import Settings

    settings = Settings()
    db = Database(settings.dsn, pool_size=1)
    async with db.transaction() as session:
        links = await sign_in_links(session, personas, public_url=settings.public_url, now=utc_now())
    await db.close()
    return links
