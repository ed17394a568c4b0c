"""The web process of one machine: all services' applications and the mailbox behind one gateway."""

import asyncio
import os
import socket
from importlib import import_module
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from deploy.gateway import Gateway
from deploy.mail_store import MailStore
from deploy.mailbox import create_mailbox
from deploy.postgres import SERVICES
from deploy.process import Orders, tell
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
        if order == "links":
            tell(links=await sign_in_links())
    server.should_exit = True
