"""What the referrals service publishes: the life of each referral, its consent and its attempts."""

from datetime import date, datetime
from uuid import UUID

from shared.events.base import Fact, fact
from shared.events.vocabulary import DeclineReason, Need, Outcome, Urgency

EVENTS = "referrals.events.v1"


class ReferralFact(Fact):
    """What every fact about a referral says."""

    referral_id: UUID
    student_id: UUID
    school_id: UUID
    referrer_id: UUID
    """The member of staff who made the referral and is told what becomes of it."""


class AttemptFact(ReferralFact):
    """What every fact about one attempt says: one need, many attempts, each with one program."""

    attempt_id: UUID
    program_id: UUID
    organization_id: UUID


@fact("referral.submitted.v1", topic=EVENTS, key="referral_id")
class ReferralSubmitted(ReferralFact):
    """A member of staff referred a student; without consent it waits."""

    need: Need
    urgency: Urgency
    program_ids: tuple[UUID, ...]
    """The choices, first choice first."""
    consent_id: UUID | None = None


@fact("referral.consent_requested.v1", topic=EVENTS, key="referral_id")
class ConsentRequested(ReferralFact):
    """The family is asked for its consent; nothing is shared before the answer."""

    guardian_ids: tuple[UUID, ...]
    need: Need
    program_ids: tuple[UUID, ...] = ()


@fact("referral.consent_given.v1", topic=EVENTS, key="referral_id")
class ConsentGiven(ReferralFact):
    """A guardian agreed that the referral be shared."""

    consent_id: UUID
    guardian_id: UUID | None
    """Who agreed; None where the one who agreed is not on the roster (named in the record)."""
    method: str
    """`in_person`, `phone`, `paper`, `online`."""
    purpose: str
    """The need that the consent covers (a code)."""
    given_on: date
    valid_until: date


@fact("referral.consent_refused.v1", topic=EVENTS, key="referral_id")
class ConsentRefused(ReferralFact):
    """A guardian did not agree; the referral ends without having been shared."""

    guardian_id: UUID | None


@fact("referral.sent.v1", topic=EVENTS, key="referral_id")
class ReferralSent(AttemptFact):
    """The referral was put before a program; its people are told at once."""

    need: Need
    urgency: Urgency
    answer_by: datetime
    """When an answer is due: business days of the district's calendar."""


@fact("referral.acknowledged.v1", topic=EVENTS, key="referral_id")
class ReferralAcknowledged(AttemptFact):
    """The partner has seen the referral and will answer."""


@fact("referral.accepted.v1", topic=EVENTS, key="referral_id")
class ReferralAccepted(AttemptFact):
    """The partner takes the student."""


@fact("referral.waitlisted.v1", topic=EVENTS, key="referral_id")
class ReferralWaitlisted(AttemptFact):
    """The partner has no place now and keeps the student on a waiting list."""


@fact("referral.declined.v1", topic=EVENTS, key="referral_id")
class ReferralDeclined(AttemptFact):
    """The partner cannot take the student; the words beside the reason stay with the referral."""

    reason: DeclineReason
    next_program_id: UUID | None = None
    """The choice that is tried next; None: the family is asked first, or the referral goes back to the referrer."""
    asks_family: bool = False
    """The consent has run out: there is a next choice, and it is tried when the family has agreed again."""


@fact("referral.choice_skipped.v1", topic=EVENTS, key="referral_id")
class ChoiceSkipped(AttemptFact):
    """The turn of a choice came, but its program takes no referrals any more; the next choice is tried."""

    reason: str
    """`paused`, `closed`, `halted`, `unknown`, or `no_agreement` (none in force covers the school)."""


@fact("referral.program_halted.v1", topic=EVENTS, key="referral_id")
class ProgramHalted(AttemptFact):
    """The program that has the referral in hand takes no new ones for now; this one stays with it."""

    halt: str
    """`suspended`, `insurance_expired` or `checks_expired`."""


@fact("referral.returned.v1", topic=EVENTS, key="referral_id")
class ReferralReturned(ReferralFact):
    """No choice is left; the referrer chooses again or withdraws."""


@fact("referral.choices_added.v1", topic=EVENTS, key="referral_id")
class ChoicesAdded(ReferralFact):
    """The referrer named further programs to try."""

    program_ids: tuple[UUID, ...]


@fact("referral.reminder_due.v1", topic=EVENTS, key="referral_id")
class ReminderDue(ReferralFact):
    """A reminder came due and is told now; at most once, however late."""

    reminder: str
    """`answer_due`, `answer_overdue` (to the partner), `answer_missing`, `consent_missing` (to the referrer),
    `consent_waiting` (to the family)."""
    due_at: datetime
    attempt_id: UUID | None = None
    """The attempt whose answer is reminded of."""
    program_id: UUID | None = None
    organization_id: UUID | None = None
    answer_by: datetime | None = None
    program_ids: tuple[UUID, ...] = ()
    """The choices that wait for the family's consent."""


@fact("referral.reminder_let_go.v1", topic=EVENTS, key="referral_id")
class ReminderLetGo(ReferralFact):
    """A reminder came due while nothing could send it, and is not sent any more."""

    reminder: str
    """As in `referral.reminder_due.v1`."""
    due_at: datetime
    why: str
    """`folded`: a newer one says the same; `dropped`: its moment has passed."""
    attempt_id: UUID | None = None


@fact("referral.withdrawn.v1", topic=EVENTS, key="referral_id")
class ReferralWithdrawn(ReferralFact):
    """The referral ended before its time."""

    by: str
    """`school` or `family`."""
    attempt_id: UUID | None = None
    """The attempt that was open and is now closed."""
    program_id: UUID | None = None
    organization_id: UUID | None = None


@fact("referral.completed.v1", topic=EVENTS, key="referral_id")
class ReferralCompleted(AttemptFact):
    """The partner says how it ended."""

    outcome: Outcome
