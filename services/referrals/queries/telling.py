"""A referral's timeline in words: facts as they were published, and what became of messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.referrals.models import Entry, Message
from services.referrals.queries.shapes import TimelineItem
from services.referrals.words import METHOD_LABELS, OUTCOME_LABELS, REASON_LABELS, language_name
from shared.events.vocabulary import NEED_LABELS, DeclineReason, Need, Outcome

KINDS = {
    "referral.submitted.v1": "sent",
    "referral.consent_requested.v1": "waiting",
    "referral.consent_given.v1": "good",
    "referral.consent_refused.v1": "ended",
    "referral.sent.v1": "sent",
    "referral.acknowledged.v1": "seen",
    "referral.accepted.v1": "good",
    "referral.waitlisted.v1": "paused",
    "referral.declined.v1": "bad",
    "referral.choice_skipped.v1": "ended",
    "referral.program_halted.v1": "paused",
    "referral.returned.v1": "urgent",
    "referral.reminder_due.v1": "waiting",
    "referral.choices_added.v1": "sent",
    "referral.withdrawn.v1": "ended",
    "referral.completed.v1": "good",
}

FAILURES = {
    "no_address": "there is no address",
    "refused": "the address was refused",
    "exhausted": "it was tried again and again",
}


BY_PHONE = " (told by telephone)"


@dataclass(frozen=True, slots=True)
class Names:
    """What ids are called."""

    people: Mapping[UUID, str]
    programs: Mapping[UUID, str]
    """The program with its organization."""

    def person(self, id: UUID | None) -> str:
        """A name; '' for the system and for who is not known."""
        return self.people.get(id, "") if id else ""

    def program(self, id: str | None) -> str:
        """A program's name, for a fact's own id."""
        return self.programs.get(UUID(id), "a program") if id else "a program"


def timeline(entries: Sequence[Entry], messages: Sequence[Message], names: Names) -> tuple[TimelineItem, ...]:
    """All that happened, newest first."""
    told = [_entry(entry, names) for entry in entries]
    sent = [item for message in messages if (item := _message(message, names))]
    return tuple(sorted((*sent, *reversed(told)), key=lambda item: item.at, reverse=True))


def _entry(entry: Entry, names: Names) -> TimelineItem:
    return TimelineItem(
        at=entry.at,
        type=entry.type,
        title=_title(entry, names) + (BY_PHONE if entry.data.get("by_phone") else ""),
        who=names.person(entry.actor_id),
        words=entry.words,
        kind=KINDS.get(entry.type, ""),
    )


def _title(entry: Entry, names: Names) -> str:
    data = entry.data
    program = names.program(data.get("program_id"))
    match entry.type:
        case "referral.submitted.v1":
            return f"Referred: {NEED_LABELS[Need(data['need'])]}"
        case "referral.consent_given.v1":
            return f"The family agreed ({METHOD_LABELS[data['method']]})"
        case "referral.declined.v1" if entry.actor_id is None:
            return f"{program} closed before it answered"
        case "referral.declined.v1":
            return f"Declined by {program}: {REASON_LABELS[DeclineReason(data['reason'])].lower()}"
        case "referral.choice_skipped.v1" if data["reason"] == "no_agreement":
            return f"{program} was passed over: no agreement covers the school any more"
        case "referral.withdrawn.v1":
            return "The family said no thanks" if data["by"] == "family" else "Withdrawn by the school"
        case "referral.completed.v1":
            return f"{program}: {OUTCOME_LABELS[Outcome(data['outcome'])].lower()}"
        case "referral.reminder_due.v1":
            return _REMINDED[data["reminder"]].format(program=program)
        case _:
            return _PLAIN.get(entry.type, entry.type).format(program=program)


_REMINDED = {
    "answer_due": "{program} was reminded that its answer is due today",
    "answer_overdue": "{program} was reminded that its answer is overdue",
    "answer_missing": "The referrer was told that {program} has not answered",
    "consent_waiting": "The family was reminded of the question",
    "consent_missing": "The referrer was told that the family has not answered",
}

_PLAIN = {
    "referral.consent_requested.v1": "The family was asked for its consent",
    "referral.consent_refused.v1": "The family did not agree",
    "referral.sent.v1": "Sent to {program}",
    "referral.acknowledged.v1": "Seen by {program}, who will answer",
    "referral.accepted.v1": "Accepted by {program}",
    "referral.waitlisted.v1": "On the waiting list of {program}",
    "referral.choice_skipped.v1": "{program} was passed over: it takes no referrals any more",
    "referral.program_halted.v1": "{program} takes no new referrals for now; this one stays there",
    "referral.reminder_let_go.v1": "A reminder that came too late was left out",
    "referral.returned.v1": "Came back: no choice is left",
    "referral.choices_added.v1": "More programs were chosen",
}


def _message(message: Message, names: Names) -> TimelineItem | None:
    """A message once: where it stands now, at the time of its first step."""
    steps = (message.written_at, message.sent_at, message.read_at, message.failed_at)
    first = min((at for at in steps if at), default=None)
    if first is None:
        return None
    status, kind = message_status(message)
    who = names.person(message.recipient_id) or "a person"
    title = f"Message to {who} in {language_name(message.language)}: {status}"
    return TimelineItem(at=first, type="message", title=title, kind=kind)


def message_status(message: Message) -> tuple[str, str]:
    """How far a message came, in words, and as a state's code."""
    if message.read_at:
        return "read", "seen"
    if message.sent_at:
        return "delivered by e-mail", "good"
    if message.failed_at:
        return f"not delivered, {FAILURES.get(message.failure or '', 'it failed')}", "bad"
    return "in the inbox of the app", "sent"
