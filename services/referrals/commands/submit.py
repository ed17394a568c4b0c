"""Referring a student: the beginning of a referral."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.commands.case import Case, begin, publish, tell
from services.referrals.commands.choose import chosen_programs
from services.referrals.commands.consent import StatedConsent, given, record
from services.referrals.commands.route import Plan, ask_family, go_on
from services.referrals.models import Attempt, Consent, Person, Program, Referral
from services.referrals.records import is_open_for, valid_consent
from services.referrals.rules import (
    BusinessCalendar,
    Mover,
    Standing,
    Verb,
    check_student,
    check_words,
    decide,
)
from services.referrals.scope import not_found, seen_students
from shared.events.referrals import ReferralSubmitted
from shared.events.vocabulary import Need, Urgency
from shared.identity import Actor
from shared.refusals import Kind, Refusal


@dataclass(frozen=True, slots=True)
class Submission:
    """A referral as it is sent; `consent` None: one that is on record is used, else the family is asked.

    `ask_family`: it is asked whatever is on record.
    """

    referral_id: UUID
    """Made when the form was shown: sending the same form again leads to the same referral."""
    student_id: UUID
    need: Need
    urgency: Urgency
    program_ids: tuple[UUID, ...]
    words: str = ""
    consent: StatedConsent | None = None
    ask_family: bool = False
    even_though_duplicate: bool = False


async def submit(
    session: AsyncSession,
    submission: Submission,
    *,
    actor: Actor,
    now: datetime,
    calendar: BusinessCalendar,
) -> Referral:
    """Refer a student; with a consent the referral goes to the first choice, without one the family is asked."""
    student = await _student(session, submission.student_id, actor)
    alike = await _alike(session, submission)
    if earlier := next((one for one in alike if one.id == submission.referral_id), None):
        return await _same(session, earlier, submission)
    _refuse_both(submission)
    words = check_words(submission.words)
    school_id = check_student(student.active, student.grade, student.school_id)
    programs = await chosen_programs(session, submission.program_ids, school_id)
    if alike and not submission.even_though_duplicate:
        raise _duplicate()
    case = _case(submission, words, school_id, actor, now, calendar)
    await _start(session, case, submission, programs, student)
    return await publish(session, case)


async def _student(session: AsyncSession, student_id: UUID, actor: Actor) -> Person:
    """The student, locked: two people who refer the same student see each other's referral."""
    query = select(Person).where(Person.id == student_id, seen_students(actor)).with_for_update(key_share=True)
    student = (await session.exec(query)).one_or_none()
    if student is None:
        raise not_found("student", student_id, actor)
    return student


async def _alike(session: AsyncSession, submission: Submission) -> Sequence[Referral]:
    """What this form made before, and the student's open referrals for the same need.

    Asked once the student is locked: what was read while waiting would not know what the other one made.
    """
    by_this_form = col(Referral.id) == submission.referral_id
    open_ones = is_open_for(submission.student_id, submission.need)
    return (await session.exec(select(Referral).where(or_(by_this_form, open_ones)))).all()


async def _same(session: AsyncSession, earlier: Referral, submission: Submission) -> Referral:
    """The referral that this form made, if it says the same now."""
    chosen = select(Attempt.program_id).where(Attempt.referral_id == earlier.id).order_by(col(Attempt.position))
    first = (await session.exec(chosen.limit(len(submission.program_ids)))).all()
    made = (earlier.student_id, earlier.need, earlier.urgency, earlier.words, tuple(first))
    words = check_words(submission.words)
    said = (submission.student_id, submission.need, submission.urgency, words, submission.program_ids)
    if made == said and await _same_consent(session, earlier, submission.consent):
        return earlier
    words = "This form made a referral already, and it says something else now. Open a new form."
    raise Refusal(Kind.CONFLICT, "form_used", words)


async def _same_consent(session: AsyncSession, earlier: Referral, stated: StatedConsent | None) -> bool:
    kept = await session.get(Consent, earlier.consent_id) if earlier.consent_id else None
    if stated is None or kept is None:
        return stated is None
    return (kept.method, kept.given_on, kept.guardian_id) == (stated.method, stated.given_on, stated.guardian_id)


def _refuse_both(submission: Submission) -> None:
    if submission.ask_family and submission.consent is not None:
        words = "Either record the family's consent, or have the family asked."
        raise Refusal(Kind.INVALID, "consent_or_ask", words, fields={"consent": words})


def _duplicate() -> Refusal:
    words = "This student has an open referral for the same need. Look at it first; if you still want to refer, say so."
    return Refusal(Kind.CONFLICT, "duplicate", words, fields={"even_though_duplicate": words})


def _case(
    submission: Submission,
    words: str,
    school_id: UUID,
    actor: Actor,
    now: datetime,
    calendar: BusinessCalendar,
) -> Case:
    assert actor.person_id is not None
    mover = Mover.SCHOOL if school_id in actor.school_ids else Mover.DISTRICT
    decision = decide(Verb.SUBMIT, {mover: Standing(None)})
    assert decision.after.referral is not None
    referral = Referral(
        id=submission.referral_id,
        student_id=submission.student_id,
        school_id=school_id,
        referrer_id=actor.person_id,
        need=submission.need,
        urgency=submission.urgency,
        words=words,
        state=decision.after.referral,
        submitted_at=now,
        changed_at=now,
    )
    return Case(referral, [], actor, now, calendar)


async def _start(
    session: AsyncSession, case: Case, submission: Submission, programs: list[Program], student: Person
) -> None:
    consent, fresh = await _consent(session, case, submission, student)
    session.add(case.referral)
    session.add_all(case.queue(programs))
    submitted = ReferralSubmitted(
        **case.about(),
        need=submission.need,
        urgency=submission.urgency,
        program_ids=submission.program_ids,
        consent_id=consent.id if consent else None,
    )
    tell(case, submitted)
    if consent is None:
        _refuse_nobody_to_ask(student)
        await ask_family(session, case)
        return
    decision = await begin(session, case, Verb.GIVE_CONSENT, None)
    assert decision is not None
    case.stand(decision.after)
    if fresh:
        tell(case, given(case, consent))
    # Each choice was seen to take referrals a moment ago.
    await go_on(session, case, Plan([], case.queued[0]))


async def _consent(
    session: AsyncSession, case: Case, submission: Submission, student: Person
) -> tuple[Consent | None, bool]:
    """The consent to go by, and whether it is a new one."""
    if submission.ask_family:
        return None, False
    if submission.consent is not None:
        return await record(session, case, submission.consent, student), True
    today = case.calendar.today(case.now)
    known = await valid_consent(session, student.id, case.referral.need, today)
    case.consent, case.referral.consent_id = known, known.id if known else None
    return known, False


def _refuse_nobody_to_ask(student: Person) -> None:
    if not student.guardian_ids:
        words = (
            "The roster knows no guardian of this student, so nobody can be asked. "
            "Record the consent of the person you spoke to."
        )
        raise Refusal(Kind.INVALID, "nobody_to_ask", words, fields={"consent": words})
