"""What people did about the machinery of any service: on one topic, which each service publishes to."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.events.base import Fact, fact

EVENTS = "operations.events.v1"


class WhyReplay(StrEnum):
    """Why a parked event is tried again."""

    MENDED = "mended"
    """What hindered it is mended."""
    ANOTHER_TRY = "another_try"
    """To see whether it works now."""


class WhyDiscard(StrEnum):
    """Why a parked event is given up."""

    NOT_OURS = "not_ours"
    """It is no event of ours."""
    DONE_BY_HAND = "done_by_hand"
    """What it asks for was done by hand."""
    OUTDATED = "outdated"
    """Something newer says otherwise."""


class WhyRepublish(StrEnum):
    """Why facts are published again."""

    LOST = "lost"
    """Kafka, or somebody who hears them, lost them."""
    TOPIC_MADE_ANEW = "topic_made_anew"
    """A topic was made anew, with more partitions for one."""


class ParkedFact(Fact):
    """What every fact about a parked event says. Never its content."""

    parked: str
    """Which one: the service and a number, `referrals/12`."""
    event_id: UUID | None = None
    """The event that was parked; none where the record was no event."""
    event_type: str | None = None
    of_topic: str
    partition: int
    offset: int
    reason: str
    """Why it had been parked: `unreadable`, `behind`, `not_yet`, or the class of the failure."""
    attempts: int
    why: str
    """A code: why a person decided so."""


@fact("parked.replayed.v1", topic=EVENTS, key="parked")
class ParkedReplayed(ParkedFact):
    """A parked event took effect because a person had it tried again."""


@fact("parked.discarded.v1", topic=EVENTS, key="parked")
class ParkedDiscarded(ParkedFact):
    """A parked event was given up by a person: it will never take effect in this service."""


@fact("brake.released.v1", topic=EVENTS, key="held")
class BrakeReleased(Fact):
    """A person let a service go on with a topic of which everything failed: what fails is parked again."""

    held: str
    """The service and its topic: `referrals people.persons.v1`."""
    partition: int
    offset: int
    """Where it stood."""
    reason: str


@fact("outbox.republished.v1", topic=EVENTS, key="outbox")
class OutboxRepublished(Fact):
    """A person had a service publish again what it had said since a moment; whoever heard it passes over it."""

    outbox: str
    """The service."""
    since: datetime
    facts: int
    """How many."""
    why: str
    """A code: why a person decided so."""


@fact("backup.restored.v1", topic=EVENTS, key="restored")
class BackupRestored(Fact):
    """A service goes on from a backup: what it had said and done after that is gone."""

    restored: str
    """The service."""
    taken_at: datetime
    """When the backup was taken."""
