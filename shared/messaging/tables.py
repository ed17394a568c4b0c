"""The tables of messaging, the same in every service's database: outbox, inbox, parked events, and what they need."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.db import NAMING

core = MetaData(naming_convention=NAMING)

outbox = Table(
    "outbox",
    core,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("event_id", Uuid, nullable=False, unique=True),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("value", LargeBinary),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("published_at", DateTime(timezone=True)),
    Index("ix_outbox_unpublished", "id", postgresql_where=text("published_at IS NULL")),
    Index("ix_outbox_topic_key", "topic", "key", text("id DESC")),
    Index("ix_outbox_published_at", "published_at"),
    # A queue table must be vacuumed by count, not by share of its size.
    postgresql_with={"autovacuum_vacuum_scale_factor": 0, "autovacuum_vacuum_threshold": 5000},
)
"""Facts of this service on their way to Kafka, kept for the retention time after publishing."""

relay = Table(
    "relay",
    core,
    Column("only", Integer, primary_key=True, server_default="1"),
    Column("cluster_id", Text),
    Column("drained_at", DateTime(timezone=True)),
)
"""One row: the cluster last published to, and since when all of it is known to be consumed (a clean stop)."""

consumed_cluster = Table(
    "consumed_cluster",
    core,
    Column("only", Integer, primary_key=True, server_default="1"),
    Column("cluster_id", Text, nullable=False),
)
"""One row: the cluster last read from; another one is read from its beginning."""

inbox = Table(
    "inbox",
    core,
    Column("consumer", Text, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("ix_inbox_received_at", "received_at"),
)
"""Events that took effect; inserted in the transaction of the effect."""

projections = Table(
    "projections",
    core,
    Column("topic", Text, primary_key=True),
    Column("edition", Integer, nullable=False),
)
"""Of which edition what was projected of a topic is; no row: the first."""

parked = Table(
    "parked",
    core,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("consumer", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("key", LargeBinary),
    Column("headers", JSONB, nullable=False),
    Column("value", LargeBinary),
    Column("event_id", Uuid),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("parked_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("next_try_at", DateTime(timezone=True)),
    Column("asked_at", DateTime(timezone=True)),
    Column("asked_by", Text),
    Column("why", Text),
    Column("note", Text),
    Column("settled_at", DateTime(timezone=True)),
    Column("settled_by", Text),
    Column("settled_how", Text),
    Index("uq_parked_event", "consumer", "event_id", unique=True, postgresql_where=text("settled_at IS NULL")),
    Index(
        "uq_parked_place",
        "consumer",
        "topic",
        "partition",
        "offset",
        unique=True,
        postgresql_where=text("settled_at IS NULL AND event_id IS NULL"),
    ),
    Index("ix_parked_open", "consumer", "topic", "key", postgresql_where=text("settled_at IS NULL")),
    Index("ix_parked_due", "next_try_at", postgresql_where=text("settled_at IS NULL AND next_try_at IS NOT NULL")),
    Index("ix_parked_settled", "settled_at", postgresql_where=text("settled_at IS NOT NULL")),
)
"""Events that could not take effect, whole, until they are replayed or discarded; headers are [name, base64] pairs.

`next_try_at` is when it is tried again by itself; NULL: it waits for a person. `asked_*`, `why` (a code) and `note` say
who wanted what and why; `note` is free text and never leaves this table.
"""

brakes = Table(
    "brakes",
    core,
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try_at", DateTime(timezone=True), nullable=False),
    Column("let_go_at", DateTime(timezone=True)),
)
"""Topics held because everything of them fails, and where; `let_go_at`: a person told the consumer to go on."""

workers = Table(
    "workers",
    core,
    Column("id", Uuid, primary_key=True),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    Column("state", JSONB, nullable=False),
)
"""One row per worker process, written every few seconds: what it says of itself."""

invariants = Table(
    "invariants",
    core,
    Column("name", Text, primary_key=True),
    Column("breaches", Integer, nullable=False),
    Column("checked_at", DateTime(timezone=True), nullable=False),
)
"""What must always hold, with how many things it does not, as of the last look."""

revoked_sessions = Table(
    "revoked_sessions",
    core,
    Column("session_id", Uuid, primary_key=True),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)
"""Sessions that ended before their time, as told by the people service."""

__all__ = [
    "brakes",
    "consumed_cluster",
    "core",
    "inbox",
    "invariants",
    "outbox",
    "parked",
    "projections",
    "relay",
    "revoked_sessions",
    "workers",
]
