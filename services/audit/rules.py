"""What a leaf of the log commits to, and what an entry is about. No I/O.

A leaf is the UTF-8 bytes of one JSON object in the form of RFC 8785 (JSON Canonicalization Scheme: keys
sorted, no white space). Every value is a string, a whole number or null, so that the form is the same in
every language:

    actor         who did it: `person:<id>` or `system:<service>`
    causation     id of the event that brought this one about, or null
    correlation   id shared by all that one request or tick brought about, or null
    digest        hex; of an open entry the SHA-256 of its data as published, of a sealed entry the SHA-256
                  of a random salt of 16 bytes followed by the data; null where there was none (a tombstone)
    id            of the event (CloudEvents `id`)
    offset        in the partition
    partition     of the topic
    received      when the log received it
    seq           place in the log, from 0 without gaps: the index of the leaf
    source        which service says so (CloudEvents `source`)
    subject       what it is about (CloudEvents `subject`)
    time          when it happened
    topic         where it was published
    type          of the event (CloudEvents `type`)
    v             1, the number of this form

Ids are lower-case UUIDs, times are UTC with six digits and a Z (`2026-11-21T15:04:05.000000Z`). Since `seq`
is in the leaf, an entry that was moved does not fit its new place.
"""

import json
import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from services.audit.merkle import leaf_hash
from shared.events import people

SEALED_TOPICS = frozenset({people.PERSONS})
"""Topics whose records carry names: the log keeps a salted digest of them and nothing else."""

SALT_BYTES = 16

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")


class Content(NamedTuple):
    """An event as the log keeps it; `data` is the text as published, None where sealed or a tombstone."""

    event_id: UUID
    type: str
    source: str
    subject: str
    topic: str
    partition: int
    offset: int
    time: datetime
    received_at: datetime
    actor: str
    correlation_id: UUID | None
    causation_id: UUID | None
    digest: bytes | None
    data: str | None

    @property
    def sealed(self) -> bool:
        """Whether the log may hold only a digest of the data."""
        return self.topic in SEALED_TOPICS


def open_digest(data: bytes) -> bytes:
    """The digest of data that the log also keeps."""
    return sha256(data).digest()


def sealed_digest(salt: bytes, data: bytes) -> bytes:
    """The commitment to data that the log does not keep; without the salt it says nothing about the data."""
    return sha256(salt + data).digest()


def leaf(seq: int, content: Content) -> bytes:
    """The hash of the leaf at place `seq`."""
    return leaf_hash(canonical(seq, content))


def canonical(seq: int, content: Content) -> bytes:
    """The bytes that a leaf is the hash of, in the form described above."""
    committed = {
        "actor": content.actor,
        "causation": _text(content.causation_id),
        "correlation": _text(content.correlation_id),
        "digest": content.digest.hex() if content.digest is not None else None,
        "id": str(content.event_id),
        "offset": content.offset,
        "partition": content.partition,
        "received": _moment(content.received_at),
        "seq": seq,
        "source": content.source,
        "subject": content.subject,
        "time": _moment(content.time),
        "topic": content.topic,
        "type": content.type,
        "v": 1,
    }
    return _CANONICAL.encode(committed).encode()


def keeps_its_data(content: Content) -> bool:
    """Whether the data is there where it must be, absent where it must be, and fits its digest."""
    if content.sealed or content.digest is None:
        return content.data is None
    return content.data is not None and open_digest(content.data.encode()) == content.digest


def things(content: Content) -> list[UUID]:
    """Every id that the entry is about: its subject and the ids in its data, each once, in order."""
    found = _ID.findall(f"{content.subject} {content.data or ''}".lower())
    return [UUID(text) for text in dict.fromkeys(found)]


def _text(id: UUID | None) -> str | None:
    return str(id) if id is not None else None


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
