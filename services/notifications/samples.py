"""Every message as an example, so that the district sees in each language what people get to read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.notifications.letters import (
    COPY,
    GREETING,
    PERSONAL,
    REACH,
    SENDER,
    Envelope,
    Known,
    Letter,
    Note,
    letter,
    note,
)
from services.notifications.links import is_personal
from services.notifications.rules import TOLD, WHO_IS_TOLD_WHAT, Audience, Kind, Row
from services.notifications.texts import TEXTS
from shared.events import referrals
from shared.events.agreements import MeetingChanged
from shared.events.base import Fact
from shared.events.vocabulary import LANGUAGES
from shared.refusals import Kind as RefusalKind
from shared.refusals import Refusal
from shared.settings import ServiceSettings
from shared.translations import is_approved, speaking

A_MEETING = MeetingChanged(
    meeting_id=UUID(int=0), version=1, sequence=0, title="How the fall goes", place="Example School, room 12",
    zone="America/New_York", starts_at=datetime(2026, 12, 1, 20, 30, tzinfo=UTC), length_minutes=45,
    organizer_id=UUID(int=0),
)  # fmt: skip
KNOWN = Known(
    students={"student": ("Maria", "Example")},
    programs={"program": ("Homework Club", "City Steps"), "next": ("Art Studio", "Open Door")},
    schools={"school": "Example School"},
    organizations={"organization": "City Steps"},
    meetings={"meeting": A_MEETING},
)

PARAMS = {
    "student_id": "student",
    "program_id": "program",
    "next_program_id": "next",
    "program_ids": "program next",
    "school_id": "school",
    "organization_id": "organization",
    "meeting_id": "meeting",
    "reason": "no_capacity",
    "outcome": "served",
    "urgency": "routine",
}

HAPPENINGS: dict[type[Fact], str] = {
    referrals.ConsentRequested: "The family is asked for its consent",
    referrals.ConsentGiven: "The family agrees",
    referrals.ConsentRefused: "The family does not agree",
    referrals.ReferralSent: "A referral goes to a program",
    referrals.ReferralAcknowledged: "The partner has seen it",
    referrals.ReminderDue: "An answer, or a family's consent, is waited for",
    referrals.ReferralAccepted: "The partner accepts",
    referrals.ReferralWaitlisted: "The partner puts the student on a waiting list",
    referrals.ReferralDeclined: "The partner declines, and a choice is left",
    referrals.ProgramHalted: "The program takes no new referrals for now",
    referrals.ReferralReturned: "No choice is left",
    referrals.ReferralWithdrawn: "The referral is withdrawn",
    referrals.ReferralCompleted: "The partner says how it ended",
}
"""What happened, for the district office."""

NOBODY_REACHED = "Nobody could be reached by e-mail"


@dataclass(frozen=True, slots=True)
class Told:
    """One line of who is told what."""

    happening: str
    kind: Kind
    email: bool


def who_is_told_what() -> list[Told]:
    """The whole table, in the order of a referral's life."""
    told = [
        Told(HAPPENINGS[fact], row.kind, row.email) for fact, rows in WHO_IS_TOLD_WHAT.items() for row in _sorted(rows)
    ]
    alarms = (Kind.STAFF_FAMILY_UNREACHABLE, Kind.STAFF_PARTNER_UNREACHABLE)
    told += [Told(NOBODY_REACHED, kind, email=True) for kind in alarms]
    return told + [Told(_happening(fact), row.kind, row.email) for fact, rows in TOLD.items() for row in rows]


def _happening(fact: type[Fact]) -> str:
    """What happened, as the fact's own public meaning says it first."""
    return (fact.__doc__ or "").partition("\n")[0].partition(" (")[0].partition(";")[0].rstrip(".")


def _sorted(rows: Iterable[Row]) -> list[Row]:
    order = (Audience.FAMILY, Audience.REFERRER, Audience.PARTNER)
    return sorted(rows, key=lambda row: order.index(row.kind.audience))


@dataclass(frozen=True, slots=True)
class Sample:
    """A message as an example: in the app and as e-mail."""

    note: Note
    letter: Letter
    approved: bool


def sample(kind: Kind, language: str, *, now: datetime, settings: ServiceSettings) -> Sample:
    """An example of a message in one of our languages."""
    params = PARAMS | {"answer_by": (now + timedelta(days=2)).isoformat(), "place": "programs"}
    envelope = Envelope(
        name="Ana",
        link=f"{settings.public_url}/referrals/example",
        link_until=now + timedelta(days=14) if is_personal(kind) else None,
        reach_link=f"{settings.public_url}/notifications/preferences",
        district=settings.district_name,
        zone=settings.zone,
    )
    with speaking(language):
        shown = note(kind, params, KNOWN, settings.zone)
    return Sample(shown, letter(kind, params, KNOWN, language, envelope), is_approved(language, _texts(kind)))


def titles() -> dict[Kind, str]:
    """What each message is called: its title in English."""
    return {kind: text.title for kind, text in TEXTS.items()}


def known_language(code: str) -> str:
    """One of our languages; refuses others."""
    if code not in LANGUAGES:
        raise Refusal(RefusalKind.NOT_FOUND, "no_such_language", f"Crosswalk does not write in {code!r}.")
    return code


def _texts(kind: Kind) -> tuple[str, ...]:
    text = TEXTS[kind]
    frame = (GREETING, COPY, SENDER, *((PERSONAL,) if is_personal(kind) else ()))
    return (text.subject, text.title, text.words, text.mail, text.button, *frame, REACH)
