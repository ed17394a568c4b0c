"""Withdrawing a referral: by the school, or by the family that says no thanks."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.commands.case import Case, begin, load, publish, tell
from services.referrals.models import Consent, Referral
from services.referrals.rules import AttemptState, BusinessCalendar, Decision, Mover, Verb, check_words
from shared.events.referrals import ReferralWithdrawn
from shared.identity import Actor


async def withdraw(
    session: AsyncSession,
    referral_id: UUID,
    words: str = "",
    *,
    version: int | None,
    actor: Actor,
    now: datetime,
    calendar: BusinessCalendar,
) -> Referral:
    """End the referral before its time; the attempt that was live and those that wait end with it."""
    words = check_words(words)
    case = await load(session, referral_id, actor=actor, now=now, calendar=calendar)
    if decision := await begin(session, case, Verb.WITHDRAW, version):
        await end(session, case, decision, words)
    return await publish(session, case)


async def end(session: AsyncSession, case: Case, decision: Decision, words: str = "") -> None:
    """Close a referral whose withdrawal is decided."""
    live = case.live
    case.stand(decision.after, live)
    close_queue(case)
    if decision.mover is Mover.FAMILY:
        await _end_consent(session, case)
    withdrawn = ReferralWithdrawn(
        **case.about(),
        by="family" if decision.mover is Mover.FAMILY else "school",
        attempt_id=live.id if live else None,
        program_id=live.program_id if live else None,
        organization_id=live.organization_id if live else None,
    )
    tell(case, withdrawn, words=words)


def close_queue(case: Case) -> None:
    """Choices whose turn has not come end with the referral."""
    for attempt in case.queued:
        attempt.state, attempt.closed_at = AttemptState.WITHDRAWN, case.now


async def _end_consent(session: AsyncSession, case: Case) -> None:
    """A family that says no thanks is asked again before anything else is shared."""
    if case.referral.consent_id and (consent := await session.get(Consent, case.referral.consent_id)):
        consent.ended_at = case.now
