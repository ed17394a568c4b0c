"""A message to one person, as it is planned."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from services.notifications.rules.kinds import Kind
from shared.events.base import Fact


@dataclass(frozen=True, slots=True)
class Reach:
    """A person, and how to reach this person."""

    person_id: UUID
    language: str
    """One of ours."""
    has_address: bool
    wants_email: bool = True


class Email(StrEnum):
    """What becomes of a message as e-mail."""

    SEND = "send"
    NO_ADDRESS = "no_address"
    NOT_WANTED = "not_wanted"


@dataclass(frozen=True, slots=True)
class Planned:
    """One message to one person: always in the app, and as e-mail or not."""

    to: Reach
    kind: Kind
    email: Email
    params: dict[str, str] = field(default_factory=dict)


PARAMETERS = (
    "student_id", "school_id", "referrer_id", "program_id", "next_program_id",
    "answer_by", "reason", "outcome", "urgency",
)  # fmt: skip


def parameters(fact: Fact) -> dict[str, str]:
    """What a message needs of a fact to be written: ids and codes, never a name."""
    data = fact.data()
    known = {name: data[name] for name in PARAMETERS if data.get(name) is not None}
    if data.get("program_ids"):
        known["program_ids"] = " ".join(data["program_ids"])
    return known
