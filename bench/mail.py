"""A mail server that takes everything and tells when."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


class MailSink:
    """Mail taken on `port`; `taken` maps an address to when it was last written to (`perf_counter`)."""

    def __init__(self) -> None:
        self.port = 0
        self._expected: dict[str, asyncio.Future[float]] = {}

    def expect(self, address: str) -> "asyncio.Future[float]":
        """When the next mail to this address is taken."""
        self._expected[address] = asyncio.get_running_loop().create_future()
        return self._expected[address]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take it."""
        now = perf_counter()
        for address in envelope.rcpt_tos:
            if (future := self._expected.pop(str(address), None)) and not future.done():
                future.set_result(now)
        return "250 Taken"


@asynccontextmanager
async def mail_sink() -> AsyncIterator[MailSink]:
    """A mail server on a free port of this machine."""
    loop, sink = asyncio.get_running_loop(), MailSink()

    def session() -> Any:
        return SMTP(sink, loop=loop, hostname="localhost", enable_SMTPUTF8=True)

    server = await loop.create_server(session, "127.0.0.1", 0)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
