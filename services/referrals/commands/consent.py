"""The family's answer: recorded by the school, or given by a guardian."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.commands.case import Case, begin, load, publish, tell
from services.referrals.commands.route import go_on
from services.referrals.commands.withdraw import close_queue
from services.referrals.models import Consent, Person, Referral
from services.referrals.rules import (
    BusinessCalendar,
    ConsentMethod,
    GivenConsent,
    Mover,
    Verb,
    check_consent,
    check_words,
    default_until,
)
from shared.events.referrals import ConsentGiven, ConsentRefused
from shared.identity import Actor


@dataclass(frozen=True, slots=True)
class StatedConsent:
    """A consent as a member of staff states it; `valid_until` None: the end of the school year."""

    method: ConsentMethod
    given_on: date
    guardian_id: UUID | None = None
    guardian_name: str = ""
    valid_until: date | None = None


async def give_consent(
    session: AsyncSession,
    referral_id: UUID,
    stated: StatedConsent | None,
    *,
    version: int | None,
    actor: Actor,
    now: datetime,
    calendar: BusinessCalendar,
) -> Referral:
    """The family agrees, and the referral goes out. `stated`: what the school recorded; None: a guardian answers."""
    case = await load(session, referral_id, actor=actor, now=now, calendar=calendar)
    decision = await begin(session, case, Verb.GIVE_CONSENT, version)
    if decision is None:
        return case.referral
    if stated is None or decision.mover is Mover.FAMILY:
        stated = online(actor, calendar.today(now))
    student = await session.get_one(Person, case.referral.student_id)
    consent = await record(session, case, stated, student)
    case.stand(decision.after)
    tell(case, given(case, consent))
    await go_on(session, case)
    return await publish(session, case)


def online(actor: Actor, today: date) -> StatedConsent:
    """What a guardian agrees to by pressing the button."""
    return StatedConsent(ConsentMethod.ONLINE, today, guardian_id=actor.person_id)


async def record(session: AsyncSession, case: Case, stated: StatedConsent, student: Person) -> Consent:
    """Put a consent on record for this referral's student and need; refuses one that cannot stand."""
    checked = check_consent(
        GivenConsent(
            student_id=student.id,
            purpose=case.referral.need,
            method=stated.method,
            given_on=stated.given_on,
            valid_until=stated.valid_until or default_until(stated.given_on),
            guardian_id=stated.guardian_id,
            guardian_name=stated.guardian_name,
        ),
        tuple(student.guardian_ids),
        case.calendar.today(case.now),
        recorded_by=case.actor.person_id,
    )
    assert case.actor.person_id is not None
    consent = Consent(
        student_id=checked.student_id,
        purpose=checked.purpose,
        method=checked.method,
        guardian_id=checked.guardian_id,
        guardian_name="" if checked.guardian_id else checked.guardian_name.strip()[:200],
        given_on=checked.given_on,
        valid_until=checked.valid_until,
        recorded_by=case.actor.person_id,
        recorded_at=case.now,
    )
    session.add(consent)
    case.consent, case.referral.consent_id = consent, consent.id
    return consent


def given(case: Case, consent: Consent) -> ConsentGiven:
    """The fact that a consent stands."""
    return ConsentGiven(
        **case.about(),
        consent_id=consent.id,
        guardian_id=consent.guardian_id,
        method=consent.method,
        purpose=consent.purpose,
        given_on=consent.given_on,
        valid_until=consent.valid_until,
    )


async def refuse_consent(
    session: AsyncSession,
    referral_id: UUID,
    words: str = "",
    *,
    guardian_id: UUID | None = None,
    version: int | None,
    actor: Actor,
    now: datetime,
    calendar: BusinessCalendar,
) -> Referral:
    """The family does not agree: the referral ends without having been shared."""
    words = check_words(words)
    case = await load(session, referral_id, actor=actor, now=now, calendar=calendar)
    decision = await begin(session, case, Verb.REFUSE_CONSENT, version)
    if decision is None:
        return case.referral
    if decision.mover is Mover.FAMILY:
        guardian_id = actor.person_id
    case.stand(decision.after)
    close_queue(case)
    tell(case, ConsentRefused(**case.about(), guardian_id=guardian_id), words=words)
    return await publish(session, case)
