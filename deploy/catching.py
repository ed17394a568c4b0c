"""The mail catcher as a process of its own: SMTP, and the mailbox beside it. For systems that are tried out."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from deploy.answers import take_answer
from deploy.environment import own_database
from deploy.mail_catcher import catch_mail
from deploy.mail_store import MailStore
from deploy.mailbox import create_mailbox
from shared.observability.logs import configure_logging
from shared.settings import ServiceSettings
from shared.web.app import Assets
from shared.web.render import STATIC

GRACE = 2
"""Seconds that requests under way get when the process stops."""


@dataclass(frozen=True, slots=True)
class Catching:
    """Where mail is taken, and where it is shown."""

    folder: Path
    host: str
    smtp_port: int
    port: int
    for_whoever_reaches_it: bool


async def catch(options: Catching) -> None:
    """Take and show mail until a signal asks to stop. Answers to invitations go on where a database is named."""
    configure_logging("mail")
    settings = ServiceSettings(service="agreements")
    options.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = MailStore(options.folder)
    smtp = await catch_mail(
        store, options.smtp_port, host=options.host, answers_to=lambda: settings.answers_to,
        answer=take_answer if own_database() else None,
    )  # fmt: skip
    mailbox = create_mailbox(
        store, public_url=settings.public_url, zone=settings.zone,
        for_whoever_reaches_it=options.for_whoever_reaches_it,
    )  # fmt: skip
    config = uvicorn.Config(
        alone(mailbox, smtp), host=options.host, port=options.port, log_config=None, access_log=False,
        server_header=False, timeout_graceful_shutdown=GRACE,
    )  # fmt: skip
    async with smtp:
        await uvicorn.Server(config).serve()


def alone(mailbox: Starlette, smtp: asyncio.Server) -> Starlette:
    """The mailbox with what a gateway would have had beside it: the pages' files, and whether it is ready."""

    async def ready(request: Request) -> Response:
        well = smtp.is_serving()
        return JSONResponse({"status": "ready" if well else "unavailable"}, 200 if well else 503)

    async def first(request: Request) -> Response:
        return RedirectResponse("/mail", 303)

    return Starlette(
        routes=[
            Route("/", first),
            Route("/readyz", ready),
            Mount("/static", Assets(directory=STATIC)),
            Mount("/", mailbox),
        ]
    )
