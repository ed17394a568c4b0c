"""A development mail server: it takes every mail, delivers none, and keeps them for the mailbox at /mail."""

import asyncio
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.mail_store import MailStore

LARGEST = 10_000_000
"""Bytes of one mail."""


class _Keep:
    """What the SMTP server does with a mail."""

    def __init__(self, store: MailStore) -> None:
        self.store = store

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep it; a full disk is told to the sender, who tries again later."""
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        try:
            self.store.keep(envelope.mail_from or "", [str(to) for to in envelope.rcpt_tos], raw)
        except OSError:
            return "452 The mailbox cannot keep this mail now"
        return "250 Kept"


async def catch_mail(store: MailStore, port: int) -> asyncio.Server:
    """Take mail on a port of this machine until the server is closed."""
    loop = asyncio.get_running_loop()

    def session() -> Any:
        return SMTP(
            _Keep(store), loop=loop, hostname="localhost", enable_SMTPUTF8=True, data_size_limit=LARGEST,
            ident="Crosswalk mail catcher",
        )  # fmt: skip

    return await loop.create_server(session, "127.0.0.1", port)
