"""Facts about agreements between a school (or the district office) and a partner, and the state of what they cover."""

from datetime import date
from uuid import UUID

from shared.events.agreements.topics import COVERAGE, EVENTS
from shared.events.base import Fact, fact


class AgreementFact(Fact):
    """What every fact about an agreement says."""

    agreement_id: UUID
    organization_id: UUID
    school_id: UUID | None = None
    """The school that agrees; None: the district office does."""
    edition: int
    """Which of its texts: 1, or the number of an amendment."""
    school_contact_id: UUID | None = None
    partner_contact_id: UUID | None = None


@fact("agreement.drafted.v1", topic=EVENTS, key="agreement_id")
class AgreementDrafted(AgreementFact):
    """An agreement was drafted from a template, or to follow another one."""

    kind: str
    """`paid_contract`, `no_cost_mou` or `space_alignment`."""
    template: str
    renews_id: UUID | None = None
    """The agreement that it is to follow."""


@fact("agreement.changed.v1", topic=EVENTS, key="agreement_id")
class AgreementChanged(AgreementFact):
    """One side changed the draft."""

    side: str
    """`school` or `partner`."""
    fields: tuple[str, ...]
    """Which fields became different."""


@fact("agreement.commented.v1", topic=EVENTS, key="agreement_id")
class AgreementCommented(AgreementFact):
    """One side wrote a comment; its words stay with the agreement."""

    side: str
    field: str | None = None
    """The field that it is about."""


@fact("agreement.sent.v1", topic=EVENTS, key="agreement_id")
class AgreementSent(AgreementFact):
    """The text was fixed and waits for both signatures."""

    side: str
    digest: str
    """SHA-256 of the exact text, in hexadecimal."""


@fact("agreement.taken_back.v1", topic=EVENTS, key="agreement_id")
class AgreementTakenBack(AgreementFact):
    """The text is a draft again; signatures that were there are void."""

    side: str


@fact("agreement.signed.v1", topic=EVENTS, key="agreement_id")
class AgreementSigned(AgreementFact):
    """Somebody signed the text for one side."""

    side: str
    digest: str
    last: bool
    """Whether both sides have signed now."""


@fact("agreement.concluded.v1", topic=EVENTS, key="agreement_id")
class AgreementConcluded(AgreementFact):
    """Both sides have signed: from now on this text holds, from its first day."""

    digest: str
    starts_on: date
    ends_on: date
    on: date
    """The last day on which it holds, as messages say it."""


@fact("agreement.discarded.v1", topic=EVENTS, key="agreement_id")
class AgreementDiscarded(AgreementFact):
    """A draft was given up; where it was an amendment, the text before it goes on."""

    side: str


@fact("agreement.amendment_started.v1", topic=EVENTS, key="agreement_id")
class AmendmentStarted(AgreementFact):
    """A new text is being drafted; the one that both signed holds until both have signed the new one."""

    side: str


@fact("agreement.began.v1", topic=EVENTS, key="agreement_id")
class AgreementBegan(AgreementFact):
    """Its first day has come."""

    on: date


@fact("agreement.renewal_fell_due.v1", topic=EVENTS, key="agreement_id")
class AgreementRenewalFellDue(AgreementFact):
    """The days of notice before its end have begun."""

    on: date
    """Its last day."""


@fact("agreement.reminded.v1", topic=EVENTS, key="agreement_id")
class AgreementReminded(AgreementFact):
    """Its end is near and nothing that both signed follows it."""

    days_before: int
    """90, 60, 30 or 7."""
    on: date
    """Its last day."""


@fact("agreement.review_neared.v1", topic=EVENTS, key="agreement_id")
class AgreementReviewNeared(AgreementFact):
    """The day of review that both sides agreed on is a week away."""

    on: date


@fact("agreement.expired.v1", topic=EVENTS, key="agreement_id")
class AgreementExpired(AgreementFact):
    """Its last day has passed."""

    on: date
    """Its last day."""


@fact("agreement.terminated.v1", topic=EVENTS, key="agreement_id")
class AgreementTerminated(AgreementFact):
    """One side ended it early."""

    side: str
    reason: str
    """`both_agreed`, `not_needed`, `not_delivered`, `funding`, `staffing`, `requirements_not_met` or `other`."""
    on: date


@fact("agreement.contact_changed.v1", topic=EVENTS, key="agreement_id")
class AgreementContactChanged(AgreementFact):
    """Somebody else is a side's contact from now on."""

    side: str
    person_id: UUID | None = None
    """The new contact; None: the place is empty."""
    former_id: UUID | None = None


@fact("goal.measured.v1", topic=EVENTS, key="agreement_id")
class GoalMeasured(AgreementFact):
    """What a goal of an agreement measures was measured."""

    goal_id: UUID
    side: str
    progress: str
    """`not_measured`, `behind`, `on_the_way` or `met`."""


@fact("goal.measurement_struck.v1", topic=EVENTS, key="agreement_id")
class MeasurementStruck(AgreementFact):
    """A measurement was a mistake and does not count."""

    goal_id: UUID
    side: str


@fact("coverage.changed.v1", topic=COVERAGE, key="organization_id")
class CoverageChanged(Fact):
    """The newest state of what a partner's agreements in force cover. A partner that never had one has no state."""

    organization_id: UUID
    everywhere: bool
    """One of them covers every school of the district."""
    school_ids: tuple[UUID, ...] = ()
    """Schools that are covered by name."""
