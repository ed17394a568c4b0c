"""A development mail server: it takes every mail, delivers none, and keeps them for the mailbox at /mail.

Answers to invitations are handed on, as the mail server of a deployment does.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.mail_store import MailStore
from shared.refusals import Refusal

log = structlog.get_logger()

LARGEST = 10_000_000
"""Bytes of one mail."""


Answer = Callable[[bytes], Awaitable[object]]
"""What is done with a mail to the address that answers go to."""


class _Keep:
    """What the SMTP server does with a mail."""

    def __init__(self, store: MailStore, answers_to: Callable[[], str], answer: Answer | None) -> None:
        self.store, self.answers_to, self.answer = store, answers_to, answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep it; a full disk is told to the sender, who tries again later."""
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        try:
            self.store.keep(envelope.mail_from or "", [str(to) for to in envelope.rcpt_tos], raw)
        except OSError:
            return "452 The mailbox cannot keep this mail now"
        if self.answer and self.answers_to().lower() in {str(to).lower() for to in envelope.rcpt_tos}:
            return await _answered(self.answer, raw)
        return "250 Kept"


async def _answered(answer: Answer, raw: bytes) -> str:
    """Hand an answer on. One that is refused is kept all the same: there is nobody who could send it better."""
    try:
        await answer(raw)
    except Refusal as refusal:
        log.info("answer_refused", code=refusal.code)
        return "250 Kept, not understood"
    except Exception as error:
        log.error("answer_not_taken", error=repr(error))
        return "451 The answer cannot be taken now"
    return "250 Taken"


async def catch_mail(
    store: MailStore,
    port: int,
    *,
    host: str = "127.0.0.1",
    answers_to: Callable[[], str] = str,
    answer: Answer | None = None,
) -> asyncio.Server:
    """Take mail on a port of this machine until the server is closed; hand on what comes to `answers_to`."""
    loop, keep = asyncio.get_running_loop(), _Keep(store, answers_to, answer)

    def session() -> Any:
        return SMTP(
            keep, loop=loop, hostname="localhost", enable_SMTPUTF8=True, data_size_limit=LARGEST,
            ident="Crosswalk mail catcher",
        )  # fmt: skip

    return await loop.create_server(session, host, port)
