"""A real SMTP server for the tests: keeps the bytes it gets, refuses or hangs where it is told to."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Mailbox:
    """What the server got, and how it is to answer. `answers` maps an address to an SMTP answer to its RCPT."""

    port: int = 0
    received: list[tuple[str, bytes]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    answers_to_data: dict[str, str] = field(default_factory=dict)
    hangs_for: set[str] = field(default_factory=set)
    drops_after_data: set[str] = field(default_factory=set)
    silent_after_data: set[str] = field(default_factory=set)
    when_asked: Callable[[str], None] = lambda address: None
    """Called when a mail to an address is announced, before the answer."""
    when_taken: Callable[[str], Awaitable[None] | None] = lambda address: None
    """Called when a whole mail is here, before the answer."""
    connections: int = 0
    sessions: list[SMTP] = field(default_factory=list)

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Count connections; aiosmtpd calls this by name."""
        self.connections += 1
        self.sessions.append(server)
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the address, refuse it, or never answer."""
        self.when_asked(address)
        if address in self.hangs_for:
            await asyncio.sleep(3600)
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the bytes as they came over the wire."""
        (to,) = envelope.rcpt_tos
        if to in self.answers_to_data:
            return self.answers_to_data[to]
        self.received.append((to, cast("bytes", envelope.original_content)))
        if (then := self.when_taken(to)) is not None:
            await then
        if to in self.silent_after_data:
            await asyncio.sleep(3600)
        if to in self.drops_after_data:
            cast("Any", server).transport.abort()
        return "250 OK"

    def to(self, address: str) -> list[EmailMessage]:
        """The mails that one address got, parsed."""
        return [message_from_bytes(wire, policy=default) for to, wire in self.received if to == address]

    def times(self) -> Counter[str]:
        """How often each mail came, by its Message-ID."""
        mails = (message_from_bytes(wire, policy=default) for _, wire in self.received)
        return Counter(str(mail["Message-ID"]) for mail in mails)


@asynccontextmanager
async def serving() -> AsyncIterator[Mailbox]:
    """The server on a free port, in this event loop."""
    mailbox, loop = Mailbox(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mailbox, loop=loop), "127.0.0.1", 0)
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        for session in mailbox.sessions:
            transport = cast("Any", session).transport
            if transport is not None:
                transport.abort()
        server.close()
        await server.wait_closed()
