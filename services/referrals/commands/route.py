"""What happens by itself: the referral goes to the next choice that takes referrals, or back to the referrer."""

from typing import NamedTuple

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.commands.case import SYSTEM, Case, remind, tell
from services.referrals.models import Attempt, Consent, Person, Program
from services.referrals.records import as_given, under_agreement
from services.referrals.rules import Mover, Standing, Verb, answer_by, covers, decide, of_answer, of_consent
from shared.events.referrals import ChoiceSkipped, ConsentRequested, ReferralReturned, ReferralSent


class Plan(NamedTuple):
    """Where a referral goes: choices that are passed over, each with why, and the one that is tried."""

    skipped: list[tuple[Attempt, str]]
    next: Attempt | None


async def plan(session: AsyncSession, case: Case) -> Plan:
    """The next choice that takes referrals, as things stand."""
    wanted = [attempt.program_id for attempt in case.queued]
    agreed = under_agreement(case.referral.school_id)
    with session.no_autoflush:
        rows = await session.exec(select(Program, agreed).where(col(Program.id).in_(wanted)))
    why_not = {program.id: _why_not(program, covered) for program, covered in rows}
    skipped: list[tuple[Attempt, str]] = []
    for attempt in case.queued:
        reason = why_not.get(attempt.program_id, "unknown")
        if not reason:
            return Plan(skipped, attempt)
        skipped.append((attempt, reason))
    return Plan(skipped, None)


def _why_not(program: Program, covered: bool) -> str:
    """Why a program takes no referral of this school; empty where it does."""
    if not program.is_open:
        return "halted" if program.status == "open" else program.status
    return "" if covered else "no_agreement"


async def go_on(session: AsyncSession, case: Case, planned: Plan | None = None) -> None:
    """Send the referral to its next choice; without a valid consent ask the family, without a choice return it."""
    planned = planned or await plan(session, case)
    if await asks_family(session, case, planned):
        _move(case, Verb.ASK_CONSENT)
        await ask_family(session, case)
        return
    skipped, following = planned
    for attempt, reason in skipped:
        _move(case, Verb.SKIP, attempt)
        tell(case, ChoiceSkipped(**case.about_attempt(attempt), reason=reason), actor=SYSTEM)
    if following:
        _send(case, following)
    else:
        _move(case, Verb.RETURN)
        tell(case, ReferralReturned(**case.about()), actor=SYSTEM)


async def asks_family(session: AsyncSession, case: Case, planned: Plan) -> bool:
    """Whether there is a next choice and the consent does not cover it (any more): the family is asked first."""
    return planned.next is not None and not await _may_share(session, case)


async def ask_family(session: AsyncSession, case: Case) -> None:
    """Ask the guardians for their consent; nothing is shared before the answer."""
    student = await session.get_one(Person, case.referral.student_id)
    asked = ConsentRequested(
        **case.about(),
        guardian_ids=tuple(student.guardian_ids),
        need=case.referral.need,
        program_ids=tuple(attempt.program_id for attempt in case.queued),
    )
    tell(case, asked, actor=SYSTEM)
    remind(case, of_consent(case.now, case.calendar))


async def _may_share(session: AsyncSession, case: Case) -> bool:
    consent = case.consent
    if consent is None and case.referral.consent_id:
        consent = await session.get(Consent, case.referral.consent_id)
    today = case.calendar.today(case.now)
    return consent is not None and covers(as_given(consent), case.referral.student_id, case.referral.need, today)


def _send(case: Case, attempt: Attempt) -> None:
    _move(case, Verb.SEND, attempt)
    attempt.sent_at = case.now
    attempt.answer_by = answer_by(case.now, case.referral.urgency, case.calendar)
    sent = ReferralSent(
        **case.about_attempt(attempt),
        need=case.referral.need,
        urgency=case.referral.urgency,
        answer_by=attempt.answer_by,
    )
    tell(case, sent, actor=SYSTEM)
    remind(case, of_answer(attempt.answer_by, case.calendar), attempt)


def _move(case: Case, verb: Verb, attempt: Attempt | None = None) -> None:
    standing = Standing(case.referral.state, attempt.state if attempt else None)
    case.stand(decide(verb, {Mover.SYSTEM: standing}).after, attempt)
