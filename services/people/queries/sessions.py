"""Where somebody is signed in."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.people.models import ProviderAccount, Session


class SessionOut(BaseModel):
    """A session that has not ended."""

    id: UUID
    device: str
    method: str
    """`code`, `link`, `provider` or `setup`."""
    started_at: datetime
    expires_at: datetime
    here: bool
    """Whether it is the session that asks."""


async def live_sessions(
    session: AsyncSession, person_id: UUID, *, here: UUID | None, now: datetime
) -> list[SessionOut]:
    """A person's sessions, newest first."""
    query = select(Session).where(
        Session.person_id == person_id, col(Session.ended_at).is_(None), Session.expires_at > now
    )
    rows = (await session.exec(query.order_by(col(Session.started_at).desc()))).all()
    return [
        SessionOut(
            id=row.id,
            device=row.device,
            method=row.method,
            started_at=row.started_at,
            expires_at=row.expires_at,
            here=row.id == here,
        )
        for row in rows
    ]


async def joined_at(session: AsyncSession, person_id: UUID) -> datetime | None:
    """Since when an account at the district's provider is this person; None: none is."""
    query = select(ProviderAccount.joined_at).where(ProviderAccount.person_id == person_id)
    return (await session.exec(query.order_by(col(ProviderAccount.joined_at)).limit(1))).first()
