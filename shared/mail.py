"""E-mail: built so that nobody's text becomes a header, handed to the mail server with a deadline.

Failures come by type. `Permanent`: this mail will never be taken. `Retryable`: everything else, our own mistakes
in the settings included.
"""

import asyncio
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.header import decode_header, make_header
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import SMTP as WIRE
from email.policy import compat32
from email.utils import format_datetime, parseaddr
from functools import cache, lru_cache
from typing import Any, Self

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from shared.clock import new_id, utc_now
from shared.settings import ServiceSettings

DEADLINE = 20.0
"""Seconds for handing over one mail, connecting included."""


ALIKE = frozenset({"auto-submitted", "content-language", "content-transfer-encoding", "content-type", "mime-version"})
"""Headers that are the same in most mails, and say nothing about anybody."""


class _Headers(HeaderRegistry):
    """The library reads each header of each mail anew, and makes a class for it: half of the time of a mail."""

    def __call__(self, name: str, value: Any) -> Any:
        return self._alike(name, value) if name.lower() in ALIKE else super().__call__(name, value)

    @lru_cache(maxsize=64)  # noqa: B019
    def _alike(self, name: str, value: Any) -> Any:
        return super().__call__(name, value)

    @cache  # noqa: B019
    def __getitem__(self, name: str) -> type:
        return super().__getitem__(name)


# Only 7-bit on the wire: no mail server has to know 8BITMIME.
POLICY = WIRE.clone(cte_type="7bit", header_factory=_Headers())


class Permanent(Exception):
    """The mail will never be taken. `reason` is a short code without personal data, such as `550 5.1.1`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Retryable(Exception):
    """The mail was not taken this time; `maybe_taken`: the server fell silent when it had the whole mail."""

    def __init__(self, reason: str, *, maybe_taken: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.maybe_taken = reason, maybe_taken


@dataclass(frozen=True, slots=True)
class CalendarPart:
    """What the recipient's calendar program reads in a mail (RFC 6047)."""

    method: str
    """`REQUEST` or `CANCEL`."""
    content: str
    """iCalendar."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one person."""

    to: str
    """Address only: `ana@example.org`."""
    subject: str
    text: str
    html: str | None = None
    to_name: str = ""
    message_id: str | None = None
    """With angle brackets; the same for every try, so that receivers can see a double. None: a fresh one."""
    reply_to: str | None = None
    language: str | None = None
    """BCP 47 tag of the text."""
    calendar: CalendarPart | None = None


def build(mail: Mail, *, sender: str, date: datetime) -> EmailMessage:
    """The mail as a message; raises `Permanent` for control characters in a header and for a bad address.

    `sender` is `Name <address>`. Encoded words (RFC 2047) in the input count as what they decode to: on CPython
    before 3.11.10 a line break hidden in one becomes a header of its own (CVE-2024-6923).
    """
    if not mail.to.isascii():
        raise Permanent("address_not_ascii")
    message = EmailMessage(policy=POLICY)
    message.set_content(mail.text)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
    if mail.calendar is not None:
        params = {"method": mail.calendar.method}
        message.add_alternative(mail.calendar.content, subtype="calendar", params=params)
    try:
        for name, value in _headers(mail, sender, date).items():
            message[name] = value
            for text in _readings(str(value), message, name):
                _refuse_controls(text)
    except (ValueError, LookupError, MessageError) as error:
        raise Permanent("unsafe_header") from error
    return message


def _headers(mail: Mail, sender: str, date: datetime) -> dict[str, str | Address]:
    sender_name, sender_address = parseaddr(sender)
    headers: dict[str, str | Address] = {
        "From": Address(sender_name, addr_spec=sender_address),
        "To": Address(mail.to_name, addr_spec=mail.to),
        "Subject": mail.subject,
        "Date": format_datetime(date),
        "Message-ID": mail.message_id or message_id(new_id().hex, sender),
        "Auto-Submitted": "auto-generated",
    }
    if mail.reply_to:
        headers["Reply-To"] = Address(addr_spec=mail.reply_to)
    if mail.language:
        headers["Content-Language"] = mail.language
    return headers


def message_id(left: str, sender: str) -> str:
    """A Message-ID (RFC 5322): `left`, then the sender's domain."""
    return f"<{left}@{parseaddr(sender)[1].rpartition('@')[2]}>"


def _readings(text: str, message: EmailMessage, name: str) -> Iterator[str]:
    """A text as it came, as its header understood it, and decoded even inside quotes, as folding does."""
    yield text
    if "=?" in text:
        yield from (str(message[name]), str(make_header(decode_header(text))))


def _refuse_controls(text: str) -> None:
    """Raise ValueError for control characters, line separators, and halves of characters."""
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp", "Cs"} for character in text):
        raise ValueError("control characters in a header")


def to_wire(message: EmailMessage) -> bytes:
    """The bytes that go to the server; raises `Permanent` where they hold headers that the message has not."""
    try:
        wire = message.as_bytes()
    except (ValueError, MessageError) as error:
        raise Permanent("unsafe_header") from error
    if BytesHeaderParser(policy=compat32).parsebytes(wire).keys() != message.keys():
        raise Permanent("unsafe_header")
    return wire


@dataclass(frozen=True, slots=True)
class Sealed:
    """A mail as it goes to the server."""

    sender: str
    """`Name <address>`."""
    to: str
    wire: bytes


def seal(mail: Mail, sender: str) -> Sealed:
    """The mail as it goes to the server now; raises `Permanent` as `build` does."""
    return Sealed(sender, mail.to, to_wire(build(mail, sender=sender, date=utc_now())))


class Mailer:
    """One connection to the mail server, opened when first needed and kept; one mail at a time."""

    def __init__(self, settings: ServiceSettings, *, deadline: float = DEADLINE) -> None:
        self._settings, self._deadline = settings, deadline
        self._client: SMTP | None = None
        self._handed_over = False
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def send(self, mail: Mail | Sealed) -> None:
        """Hand one mail to the server; returns when it has taken it, raises `Retryable` or `Permanent`."""
        sealed = mail if isinstance(mail, Sealed) else seal(mail, self._settings.mail_from)
        async with self._lock:
            self._handed_over = False
            try:
                async with asyncio.timeout(self._deadline):
                    await self._hand_over(parseaddr(sealed.sender)[1], sealed.to, sealed.wire)
            except SMTPResponseException as answer:
                await self._after_refusal()
                raise _by_type(answer) from answer
            except (SMTPException, OSError) as error:  # TimeoutError is an OSError
                self._drop()
                raise Retryable(type(error).__name__, maybe_taken=self._handed_over) from error
            except BaseException:
                # Cancelled in the middle of a dialogue: the next mail needs a fresh one.
                self._drop()
                raise

    async def greet(self) -> None:
        """See whether the server takes our sender, without sending anything; raises `Retryable`."""
        async with self._lock:
            try:
                async with asyncio.timeout(self._deadline):
                    await (await self._begin(parseaddr(self._settings.mail_from)[1])).rset()
            except SMTPResponseException as answer:
                raise Retryable(f"{answer.code} {answer.message}") from answer
            except (SMTPException, OSError) as error:
                raise Retryable(str(error) or type(error).__name__) from error

    async def close(self) -> None:
        """End the connection politely, or at least end it."""
        async with self._lock:
            if self._client is not None and self._client.is_connected:
                with suppress(SMTPException, OSError):
                    await self._client.quit(timeout=2)
            self._drop()

    async def _hand_over(self, sender: str, to: str, wire: bytes) -> None:
        client = await self._begin(sender)
        await client.rcpt(to)
        self._handed_over = True
        await client.data(wire)

    async def _begin(self, sender: str) -> SMTP:
        """A client that has said MAIL; a kept connection that the server closed meanwhile is opened anew."""
        if self._client is not None and self._client.is_connected:
            with suppress(SMTPServerDisconnected):
                await self._client.mail(sender)
                return self._client
        self._drop()
        self._client = self._fresh_client()
        await self._client.connect()
        await self._client.mail(sender)
        return self._client

    def _fresh_client(self) -> SMTP:
        settings = self._settings
        return SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_username,
            password=settings.smtp_password,
            use_tls=settings.smtp_tls == "tls",
            start_tls=settings.smtp_tls == "starttls",
            # Without it the name of this machine is looked up, which can take seconds.
            local_hostname=parseaddr(settings.mail_from)[1].rpartition("@")[2],
            timeout=self._deadline,
        )

    async def _after_refusal(self) -> None:
        """Make the connection ready for the next mail, or give it up."""
        try:
            async with asyncio.timeout(2):
                if self._client is not None and self._client.is_connected:
                    await self._client.rset()
        except (SMTPException, OSError):
            self._drop()

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None


def _by_type(answer: SMTPResponseException) -> Permanent | Retryable:
    """5xx about the recipient or the content is final; about our sender or account it is ours to mend."""
    enhanced = re.match(r"\d\.\d{1,3}\.\d{1,3}", answer.message or "")
    reason = f"{answer.code} {enhanced[0]}" if enhanced else str(answer.code)
    if answer.code >= 500 and isinstance(answer, SMTPRecipientRefused | SMTPDataError):
        return Permanent(reason)
    return Retryable(reason)


async def send_mail(settings: ServiceSettings, mail: Mail, *, deadline: float = DEADLINE) -> None:
    """Hand one mail to the mail server over a connection of its own; raises `Retryable` or `Permanent`."""
    async with Mailer(settings, deadline=deadline) as mailer:
        await mailer.send(mail)
