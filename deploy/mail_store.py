"""Caught mail: one `.eml` file each in the data folder, newest kept, written whole or not at all."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from uuid import uuid4

MOST = 2_000
"""Mails that are kept."""
ENVELOPE_FROM, ENVELOPE_TO = "X-Envelope-From", "X-Envelope-To"


@dataclass(frozen=True, slots=True)
class Summary:
    """One line of the mailbox."""

    id: str
    at: datetime
    sender: str
    to: tuple[str, ...]
    subject: str
    language: str


@dataclass(frozen=True, slots=True)
class Mail(Summary):
    """A whole mail."""

    text: str
    html: str


class MailStore:
    """The mails in one folder. The catcher writes, the mailbox reads, each in its own process."""

    def __init__(self, folder: Path, *, most: int = MOST) -> None:
        self.folder, self.most = folder, most
        self._written = 0
        self._known: dict[str, Summary] = {}

    def keep(self, sender: str, recipients: list[str], content: bytes) -> str:
        """Keep a mail as it came, under its envelope; returns its id."""
        id = f"{time.time_ns():020d}-{uuid4().hex[:8]}"
        envelope = f"{ENVELOPE_FROM}: {sender}\r\n{ENVELOPE_TO}: {', '.join(recipients)}\r\n".encode()
        part = self.folder / f".{id}.part"
        part.write_bytes(envelope + content)
        part.rename(self.folder / f"{id}.eml")
        if self._written % 100 == 0:
            self._trim()
        self._written += 1
        return id

    def newest(self, *, to: str = "", after: str = "", offset: int = 0, limit: int = 25) -> list[Summary]:
        """Newest first: mails to an address that contains `to`, that came after the mail `after`."""
        found = self._matching(to.strip().lower(), after)
        return [one for n, one in enumerate(found) if offset <= n < offset + limit]

    def count(self, *, to: str = "") -> int:
        """How many mails went to an address that contains `to`."""
        return sum(1 for _ in self._matching(to.strip().lower(), ""))

    def read(self, id: str) -> Mail | None:
        """One mail, whole; None when there is none of that id."""
        if id not in self._ids():
            return None
        message = self._parse(id)
        one = _summary(id, message)
        return Mail(
            id=one.id, at=one.at, sender=one.sender, to=one.to, subject=one.subject, language=one.language,
            text=_body(message, "plain"), html=_body(message, "html"),
        )  # fmt: skip

    def _matching(self, to: str, after: str) -> Iterator[Summary]:
        ids = self._ids()
        self._known = {id: one for id, one in self._known.items() if id in ids}
        for id in sorted(ids, reverse=True):
            if id <= after:
                return
            one = self._known.get(id) or self._known.setdefault(id, _summary(id, self._parse(id)))
            if any(to in address.lower() for address in one.to):
                yield one

    def _ids(self) -> set[str]:
        return {path.stem for path in self.folder.glob("[0-9]*.eml")}

    def _parse(self, id: str) -> EmailMessage:
        try:
            content = (self.folder / f"{id}.eml").read_bytes()
        except FileNotFoundError:
            content = b""  # trimmed away between the listing and the reading
        return message_from_bytes(content, policy=policy.default)

    def _trim(self) -> None:
        for id in sorted(self._ids(), reverse=True)[self.most :]:
            (self.folder / f"{id}.eml").unlink(missing_ok=True)


def _summary(id: str, message: EmailMessage) -> Summary:
    return Summary(
        id=id,
        at=datetime.fromtimestamp(int(id.split("-")[0]) / 1e9, UTC),
        sender=str(message.get("From", message.get(ENVELOPE_FROM, ""))),
        to=tuple(part.strip() for part in str(message.get(ENVELOPE_TO, "")).split(",") if part.strip()),
        subject=str(message.get("Subject", "")),
        language=str(message.get("Content-Language", "")),
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except (LookupError, ValueError):
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
