"""What the notifications service publishes: what became of every message. Never an address, never its text."""

from uuid import UUID

from shared.events.base import Fact, fact

EVENTS = "notifications.events.v1"


class MessageFact(Fact):
    """What every fact about a message says."""

    message_id: UUID
    recipient_id: UUID
    kind: str
    """Which message: a code such as `family_referral_accepted`."""
    language: str
    """BCP 47 tag of the language it was written in."""
    about_id: UUID | None = None
    """What the message is about: the referral's id."""


@fact("message.written.v1", topic=EVENTS, key="message_id")
class MessageWritten(MessageFact):
    """A message stands in the person's inbox in the app."""


@fact("message.sent.v1", topic=EVENTS, key="message_id")
class MessageSent(MessageFact):
    """A message was handed to the channel's server, which took it."""

    channel: str
    """`email`."""
    maybe_twice: bool = False
    """Of an earlier try nobody knows what became of it; the mail may have arrived before, with the same Message-ID."""


@fact("message.undeliverable.v1", topic=EVENTS, key="message_id")
class MessageUndeliverable(MessageFact):
    """A message could not be handed over on this channel and will not be tried again."""

    channel: str
    reason: str
    """`no_address`, `refused`, `exhausted`."""


@fact("message.queued_again.v1", topic=EVENTS, key="message_id")
class MessageQueuedAgain(MessageFact):
    """Somebody mended what stood in the way and had an undeliverable message sent once more."""

    channel: str


@fact("message.read.v1", topic=EVENTS, key="message_id")
class MessageRead(MessageFact):
    """The person opened the message in the app."""


@fact("preferences.changed.v1", topic=EVENTS, key="person_id")
class PreferencesChanged(Fact):
    """A person chose how to be reached."""

    person_id: UUID
    language: str
    """BCP 47 tag of the language that messages are written in from now on."""
    by_email: bool
    """Whether messages come by e-mail, too; in the app they always are."""
    remind_before: tuple[int, ...] | None = None
    """Minutes before a meeting at which to be reminded; None: nothing was chosen, and the usual ones hold."""
    time_zone: str | None = None
    """IANA zone of the person's clock; None: the district's."""
