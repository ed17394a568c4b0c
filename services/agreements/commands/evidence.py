"""What others' facts say about partnerships: referrals put before partners, and what came of them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import ReferralAttempt, ReferralNeed
from shared.events import referrals
from shared.events.base import Fact
from shared.events.vocabulary import DeclineReason


async def keep_referrals(session: AsyncSession, told: Iterable[tuple[Fact, datetime]]) -> None:
    """Note facts about referrals, each with its time, in order; nothing of the student is kept."""
    for fact, at in told:
        match fact:
            case referrals.ReferralSubmitted():
                await session.execute(insert(ReferralNeed).values(_asked(fact, at)).on_conflict_do_nothing())
            case referrals.ReferralSent():
                await session.execute(insert(ReferralAttempt).values(_sent(fact, at)).on_conflict_do_nothing())
            case referrals.ReferralWithdrawn():
                if fact.attempt_id is not None:
                    await _note(session, fact.attempt_id, closed_at=at)
            case referrals.AttemptFact():
                await _note(session, fact.attempt_id, **_became(fact, at))


def _asked(fact: referrals.ReferralSubmitted, at: datetime) -> dict[str, Any]:
    return {"referral_id": fact.referral_id, "school_id": fact.school_id, "need": fact.need, "submitted_at": at}


def _sent(fact: referrals.ReferralSent, at: datetime) -> dict[str, Any]:
    return {
        "attempt_id": fact.attempt_id,
        "school_id": fact.school_id,
        "organization_id": fact.organization_id,
        "program_id": fact.program_id,
        "sent_at": at,
        "answer_by": fact.answer_by,
        "taken": False,
    }


def _became(fact: referrals.AttemptFact, at: datetime) -> dict[str, Any]:
    """What a fact changes in an attempt."""
    answered = {"answered_at": func.coalesce(col(ReferralAttempt.answered_at), at)}
    match fact:
        case referrals.ReferralAccepted():
            return answered | {"taken": True}
        case referrals.ReferralWaitlisted():
            return answered
        case referrals.ReferralDeclined(reason=DeclineReason.PROGRAM_CLOSED):
            # The program closed before anybody answered.
            return {"closed_at": at}
        case referrals.ReferralDeclined():
            return answered | {"closed_at": at}
        case referrals.ReferralCompleted():
            return {"closed_at": at, "outcome": fact.outcome}
    return {}


async def _note(session: AsyncSession, attempt_id: UUID, **values: Any) -> None:
    if values:
        await session.execute(
            update(ReferralAttempt).where(col(ReferralAttempt.attempt_id) == attempt_id).values(**values)
        )
