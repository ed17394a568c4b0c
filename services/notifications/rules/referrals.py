"""Who is told what at which fact about a referral, and who counts as unreachable."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from services.notifications.rules.kinds import Audience, Kind
from services.notifications.rules.planned import Email, Planned, Reach, parameters
from shared.events import referrals
from shared.events.base import Fact
from shared.events.vocabulary import Outcome


@dataclass(frozen=True, slots=True)
class People:
    """Everybody whom a fact may concern, and what they know already."""

    guardians: tuple[Reach, ...] = ()
    referrer: Reach | None = None
    partner: tuple[Reach, ...] = ()
    """Contacts of the program before which the referral is."""
    actor: str = ""
    """Who made the fact true: `person:<id>` or `system:<service>`."""
    announced: bool = False
    """The program that a referral was sent to now was named to family and referrer when the one before declined."""
    told: frozenset[Kind] = frozenset()
    """Kinds that the referrer was told about this referral before."""
    student_erased: bool = False
    """Nothing is known of the family any more, and nothing is amiss with that."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: this message, if `when`, and whether it is worth an e-mail."""

    kind: Kind
    email: bool = True
    when: Callable[[Any, People], bool] = lambda fact, people: True


def _not_own_doing(fact: Any, people: People) -> bool:
    return people.actor != f"person:{fact.referrer_id}"


def _not_announced(fact: Any, people: People) -> bool:
    return not people.announced


def _has_next(fact: Any, people: People) -> bool:
    return fact.next_program_id is not None


def _asks_family(fact: Any, people: People) -> bool:
    return bool(fact.asks_family)


def _by(who: str) -> Callable[[Any, People], bool]:
    return lambda fact, people: fact.by == who


def _reminder(which: str) -> Callable[[Any, People], bool]:
    return lambda fact, people: fact.reminder == which


def _ended(*outcomes: Outcome) -> Callable[[Any, People], bool]:
    return lambda fact, people: fact.outcome in outcomes


WHO_IS_TOLD_WHAT: dict[type[Fact], tuple[Row, ...]] = {
    referrals.ConsentRequested: (Row(Kind.FAMILY_CONSENT_ASKED),),
    referrals.ConsentGiven: (Row(Kind.STAFF_CONSENT_GIVEN, when=_not_own_doing),),
    referrals.ConsentRefused: (
        Row(Kind.FAMILY_CONSENT_REFUSED),
        Row(Kind.STAFF_CONSENT_REFUSED, when=_not_own_doing),
    ),
    referrals.ReferralSent: (
        Row(Kind.PARTNER_NEW),
        Row(Kind.FAMILY_SENT, when=_not_announced),
        Row(Kind.STAFF_SENT, email=False, when=_not_announced),
    ),
    # Who answers without acknowledging first does both at once; two mails would be one too many.
    referrals.ReferralAcknowledged: (Row(Kind.STAFF_ACKNOWLEDGED, email=False),),
    referrals.ReminderDue: (
        Row(Kind.FAMILY_CONSENT_WAITING, when=_reminder("consent_waiting")),
        Row(Kind.STAFF_CONSENT_MISSING, when=_reminder("consent_missing")),
        Row(Kind.PARTNER_ANSWER_DUE, when=_reminder("answer_due")),
        Row(Kind.PARTNER_ANSWER_OVERDUE, when=_reminder("answer_overdue")),
        Row(Kind.STAFF_ANSWER_MISSING, when=_reminder("answer_missing")),
    ),
    referrals.ReferralAccepted: (Row(Kind.FAMILY_ACCEPTED), Row(Kind.STAFF_ACCEPTED)),
    referrals.ReferralWaitlisted: (Row(Kind.FAMILY_WAITLISTED), Row(Kind.STAFF_WAITLISTED)),
    referrals.ProgramHalted: (Row(Kind.FAMILY_PROGRAM_HALTED), Row(Kind.STAFF_PROGRAM_HALTED)),
    # Without a next choice the referral is returned at once, or the family is asked: that is what is told then.
    referrals.ReferralDeclined: (
        Row(Kind.FAMILY_DECLINED_NEXT, when=_has_next),
        Row(Kind.STAFF_DECLINED_NEXT, when=_has_next),
        Row(Kind.STAFF_DECLINED_ASKED, when=_asks_family),
    ),
    referrals.ReferralReturned: (Row(Kind.FAMILY_RETURNED), Row(Kind.STAFF_RETURNED)),
    referrals.ReferralWithdrawn: (
        Row(Kind.FAMILY_WITHDRAWN),
        Row(Kind.PARTNER_WITHDRAWN),
        Row(Kind.STAFF_WITHDRAWN_BY_FAMILY, when=_by("family")),
        Row(Kind.STAFF_WITHDRAWN_BY_SCHOOL, when=_by("school")),
    ),
    referrals.ReferralCompleted: (
        Row(Kind.FAMILY_ENROLLED, when=_ended(Outcome.ENROLLED)),
        Row(Kind.FAMILY_NOT_CONTACTED, when=_ended(Outcome.COULD_NOT_CONTACT)),
        Row(Kind.FAMILY_COMPLETED, when=_ended(Outcome.SERVED, Outcome.FAMILY_DECLINED, Outcome.OTHER)),
        Row(Kind.STAFF_COMPLETED),
    ),
}

IF_UNREACHABLE: dict[Kind, Kind] = {
    **{kind: Kind.STAFF_FAMILY_UNREACHABLE for kind in Kind if kind.audience is Audience.FAMILY},
    Kind.PARTNER_NEW: Kind.STAFF_PARTNER_UNREACHABLE,
}
"""What the referrer is told where nobody could be reached by a message of this kind."""


def may_concern(fact: Fact, actor: str) -> bool:
    """Whether anybody may be told of it, before it is asked who that is."""
    return any(row.when(fact, People(actor=actor)) for row in WHO_IS_TOLD_WHAT[type(fact)])


def plan(fact: Fact, people: People) -> list[Planned]:
    """Who is told what because of this fact.

    Where a message reaches none of those it is for, the referrer hears that, once per referral.
    """
    planned: list[Planned] = []
    for row in WHO_IS_TOLD_WHAT[type(fact)]:
        if row.when(fact, people) and _concerns(row.kind, fact):
            audience = list(_audience(row.kind, fact, people))
            messages = [_planned(reach, row, fact, people) for reach in audience]
            planned += [*messages, *_alarm(row.kind, messages, fact, people)]
    return planned


def _concerns(kind: Kind, fact: Fact) -> bool:
    """A partner hears of a withdrawal only where a program had the referral."""
    return kind is not Kind.PARTNER_WITHDRAWN or getattr(fact, "organization_id", None) is not None


def _audience(kind: Kind, fact: Fact, people: People) -> Iterator[Reach]:
    if kind.audience is Audience.PARTNER:
        yield from people.partner
    elif kind.audience is Audience.REFERRER:
        if people.referrer is not None:
            yield people.referrer
    else:
        asked = getattr(fact, "guardian_ids", None)
        yield from (g for g in people.guardians if asked is None or g.person_id in asked)


def _planned(to: Reach, row: Row, fact: Fact, people: People) -> Planned:
    return Planned(to, row.kind, _email(to, row, people), parameters(fact))


def _email(to: Reach, row: Row, people: People) -> Email:
    """Nobody at work gets mail about what they did themselves; a family gets it, as a receipt."""
    own_doing = people.actor == f"person:{to.person_id}" and row.kind.audience is not Audience.FAMILY
    if not row.email or own_doing or not to.wants_email:
        return Email.NOT_WANTED
    return Email.SEND if to.has_address else Email.NO_ADDRESS


def _alarm(kind: Kind, messages: Sequence[Planned], fact: Fact, people: People) -> list[Planned]:
    reached = any(message.email is not Email.NO_ADDRESS for message in messages)
    return [] if reached or people.student_erased else alarm(kind, parameters(fact), people)


def alarm(kind: Kind, params: dict[str, str], people: People) -> list[Planned]:
    """What the referrer is told where a message of this kind reached nobody; nothing where that is known already."""
    about = IF_UNREACHABLE.get(kind)
    if about is None or about in people.told or people.referrer is None:
        return []
    return [Planned(people.referrer, about, _email(people.referrer, Row(about), People()), params)]
