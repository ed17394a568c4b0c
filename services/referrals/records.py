"""What commands and queries both look up: a consent that holds, an open referral for the same need."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.models import Consent, Referral
from services.referrals.rules import CLOSED, GivenConsent, covers
from shared.events.vocabulary import Need


def as_given(consent: Consent) -> GivenConsent:
    """A consent on record, as the rules judge it."""
    return GivenConsent(
        student_id=consent.student_id,
        purpose=consent.purpose,
        method=consent.method,
        given_on=consent.given_on,
        valid_until=consent.valid_until,
        guardian_id=consent.guardian_id,
        guardian_name=consent.guardian_name,
        ended=consent.ended_at is not None,
    )


async def valid_consent(session: AsyncSession, student_id: UUID, purpose: Need, today: date) -> Consent | None:
    """A consent on record that allows this student's need to be shared today; the longest one."""
    found = await session.exec(
        select(Consent)
        .where(Consent.student_id == student_id, Consent.purpose == purpose)
        .order_by(col(Consent.valid_until).desc())
    )
    return next((c for c in found if covers(as_given(c), student_id, purpose, today)), None)


async def open_duplicates(session: AsyncSession, student_id: UUID, need: Need) -> Sequence[UUID]:
    """Referrals of this student for this need that have not ended."""
    found = await session.exec(
        select(Referral.id).where(
            Referral.student_id == student_id, Referral.need == need, col(Referral.state).not_in(CLOSED)
        )
    )
    return found.all()
