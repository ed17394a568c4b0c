"""Read models: what pages show and what the JSON API answers."""

from datetime import date, datetime
from typing import Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.referrals.rules import AttemptState, ConsentMethod, ReferralState, Verb
from shared.events.vocabulary import DeclineReason, Need, Outcome, Urgency

T = TypeVar("T")


class Shape(BaseModel):
    """A read model."""

    model_config = ConfigDict(frozen=True)


class Listed(BaseModel, Generic[T]):
    """One page of a list, and how many there are in all."""

    total: int
    items: list[T]


class GuardianShape(Shape):
    """A guardian; `phone` (E.164) is None where it is not known or not for the reader."""

    id: UUID
    name: str
    language: str
    phone: str | None = None


class StudentLine(Shape):
    """A student in a list."""

    id: UUID
    name: str
    grade: str | None
    school_id: UUID
    school: str
    guardians: tuple[GuardianShape, ...] = ()
    open_referrals: int = 0

    @property
    def languages(self) -> tuple[str, ...]:
        """What the guardians speak, the first guardian's language first."""
        return tuple(dict.fromkeys(guardian.language for guardian in self.guardians))


class ConsentShape(Shape):
    """A family's consent on record."""

    id: UUID
    purpose: Need
    method: ConsentMethod
    who: str
    given_on: date
    valid_until: date
    ended: bool


class ReferralLine(Shape):
    """A referral in a list; what is said of an attempt is of the one that matters to the reader."""

    id: UUID
    version: int
    student_id: UUID | None
    """None where the reader no longer sees who it is."""
    student: str
    grade: str | None
    school_id: UUID
    school: str
    need: Need
    urgency: Urgency
    state: ReferralState
    referrer: str
    submitted_at: datetime
    changed_at: datetime
    attempt_id: UUID | None = None
    attempt_state: AttemptState | None = None
    program: str = ""
    organization: str = ""
    answer_by: datetime | None = None
    overdue: bool = False


class TodayLine(Shape):
    """Something that waits for somebody; `why` is a code: overdue, returned, unreached, consent."""

    why: str
    referral: ReferralLine


class StudentDetail(StudentLine):
    """A student with consents and referrals, newest first."""

    consents: tuple[ConsentShape, ...] = ()
    referrals: tuple[ReferralLine, ...] = ()


class AttemptShape(Shape):
    """One program's part in a referral."""

    id: UUID
    program_id: UUID
    program: str
    organization_id: UUID
    organization: str
    schedule: str
    site: str
    contact_name: str
    contact_phone: str | None
    contact_email: str | None
    state: AttemptState
    sent_at: datetime | None
    answer_by: datetime | None
    answered_at: datetime | None
    answered_by: str
    reason: DeclineReason | None
    outcome: Outcome | None
    overdue: bool


class TimelineItem(Shape):
    """Something that happened; `kind` is a state's code in the design system, or ''."""

    at: datetime
    type: str
    title: str
    who: str = ""
    words: str = ""
    kind: str = ""


class MoveShape(Shape):
    """A verb, and why it is closed; `closed` None: it is open to the reader now."""

    verb: Verb
    closed: str | None = None


class ReferralDetail(ReferralLine):
    """A referral with all that the reader may see of it."""

    words: str
    guardians: tuple[GuardianShape, ...]
    languages: tuple[str, ...]
    """What the family speaks; shown to partners before they answer."""
    consent: ConsentShape | None
    attempts: tuple[AttemptShape, ...]
    timeline: tuple[TimelineItem, ...]
    """Newest first."""
    moves: tuple[MoveShape, ...]
    held_back: str
    """What a partner does not see, and why; '' for everyone else."""
    to_call: bool = False
    """Nobody can answer here where it is now: the school calls, and records what they say."""

    @property
    def current(self) -> AttemptShape | None:
        """The attempt that is live, else the last one."""
        return next((attempt for attempt in self.attempts if attempt.id == self.attempt_id), None)

    @property
    def open_moves(self) -> frozenset[Verb]:
        """What the reader can do now."""
        return frozenset(move.verb for move in self.moves if move.closed is None)


class FitShape(Shape):
    """A program for a need, with the reasons for and against it."""

    program_id: UUID
    organization_id: UUID
    name: str
    organization: str
    schedule: str
    site: str
    places: int | None
    fits: bool
    reasons: tuple[str, ...]
    against: tuple[str, ...]
    answers_here: bool = True
    """False: nobody there gets e-mail or can sign in; they are called."""


class FamilyReferral(Shape):
    """A referral as the family sees it."""

    id: UUID
    version: int
    student: str
    need: Need
    state: ReferralState
    attempt_state: AttemptState | None
    program: str
    organization: str
    schedule: str
    site: str
    contact_name: str
    contact_phone: str | None
    choices: tuple[str, ...]
    """Programs that will be asked, in order; while the family is asked."""
    answer_by: datetime | None
    overdue: bool
    school: str
    referrer: str
    can_agree: bool
    can_stop: bool


class Told(Shape):
    """Somebody who is told of a referral, in which language, and how far the message came."""

    name: str
    role: str
    language: str
    status: str
