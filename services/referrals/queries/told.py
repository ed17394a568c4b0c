"""Who is told of a referral, in which language, and how far the message came."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.models import Message, Person
from services.referrals.queries.shapes import ReferralDetail, Told
from services.referrals.queries.telling import message_status
from services.referrals.words import language_name

MOST = 20


async def told_people(session: AsyncSession, referral: ReferralDetail) -> list[Told]:
    """The partner's people, once the referral is with a partner, and the guardians."""
    status = await _statuses(session, referral.id)
    current = referral.current
    staff = await _partner_staff(session, current.organization_id) if current else []
    # Which of a partner's people are told is for notifications to say: until it has, all of them may be.
    staff = [person for person in staff if person.id in status] or staff
    told = [(p.id, p.name, f"for {referral.organization}", p.language) for p in staff]
    told += [(g.id, g.name, f"guardian of {referral.student}", g.language) for g in referral.guardians]
    return [
        Told(name=name, role=role, language=language_name(language), status=status.get(id, "is told now"))
        for id, name, role, language in told
    ]


async def _partner_staff(session: AsyncSession, organization_id: UUID) -> Sequence[Person]:
    found = await session.exec(
        select(Person)
        .where(col(Person.organization_ids).contains([organization_id]), col(Person.active))
        .order_by(col(Person.family_name), col(Person.id))
        .limit(MOST)
    )
    return found.all()


async def _statuses(session: AsyncSession, referral_id: UUID) -> dict[UUID, str]:
    """How far the newest message to each person came."""
    found = await session.exec(
        select(Message).where(Message.referral_id == referral_id).order_by(col(Message.written_at).nulls_first())
    )
    return {message.recipient_id: message_status(message)[0] for message in found}
