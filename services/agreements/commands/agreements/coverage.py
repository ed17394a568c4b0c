"""Which schools a partner's agreements in force cover, told as state."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Agreement, Organization
from services.agreements.rules.agreements import IN_FORCE, AgreementState
from shared.events.agreements import CoverageChanged
from shared.identity.actor import Actor
from shared.messaging import emit_many


async def tell_coverage(
    session: AsyncSession, organization_ids: Collection[UUID], *, actor: Actor, now: datetime
) -> None:
    """Publish what these partners' agreements cover now. Call it after an agreement came into force or ended."""
    if not organization_ids:
        return
    ids = sorted(organization_ids)
    # The lock keeps the states of one partner in order, whichever of its agreements changed.
    locked = select(Organization.id).where(col(Organization.id).in_(ids)).order_by(col(Organization.id))
    await session.exec(locked.with_for_update())
    covered: dict[UUID, list[Sequence[UUID]]] = {id: [] for id in ids}
    rows = await session.exec(
        select(Agreement.organization_id, Agreement.school_ids).where(
            col(Agreement.organization_id).in_(ids), col(Agreement.state).in_(IN_FORCE)
        )
    )
    for organization_id, school_ids in rows:
        covered[organization_id].append(school_ids)
    facts = [coverage_of(id, lists) for id, lists in covered.items()]
    await emit_many(session, facts, actor=actor, now=now)


async def retell_coverage(
    session: AsyncSession, organization_ids: Collection[UUID], *, actor: Actor, now: datetime
) -> None:
    """As `tell_coverage`, where agreements went from one partner to another; nothing where none was ever in force."""
    begun = select(Agreement.id).where(
        col(Agreement.organization_id).in_(organization_ids),
        col(Agreement.state).in_(IN_FORCE | {AgreementState.EXPIRED, AgreementState.TERMINATED}),
    )
    if (await session.exec(begun.limit(1))).first() is not None:
        await tell_coverage(session, organization_ids, actor=actor, now=now)


def coverage_of(organization_id: UUID, covered: Iterable[Sequence[UUID]]) -> CoverageChanged:
    """The state that several agreements make together; one without schools covers every school."""
    lists = list(covered)
    schools = {school for schools in lists for school in schools}
    return CoverageChanged(
        organization_id=organization_id,
        everywhere=any(not schools for schools in lists),
        school_ids=tuple(sorted(schools)),
    )
