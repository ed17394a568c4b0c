"""Who may call what of this service, said in a route's signature."""

from typing import Annotated

from fastapi import Depends
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import queries
from services.agreements.queries import ProgramView
from services.agreements.rules.partners import hears_why
from services.agreements.rules.vetting import any_approved
from shared.events.vocabulary import RoleName
from shared.identity import Actor
from shared.identity.access import Allow
from shared.identity.access import Staff as AnyStaff
from shared.refusals import Kind, Refusal
from shared.web import Transaction

Keeper = Annotated[Actor, Depends(Allow(RoleName.PARTNER_STAFF, RoleName.DISTRICT_OFFICE))]
"""Partner staff and the district office; whose programs they may change is decided by the command."""

STAFF = (RoleName.SCHOOL_STAFF, RoleName.PARTNER_STAFF, RoleName.DISTRICT_OFFICE)


async def is_vetted(session: AsyncSession, actor: Actor) -> bool:
    """Whether somebody works for a school, the district, or a partner that the district has approved."""
    inside = actor.has(RoleName.SCHOOL_STAFF, RoleName.DISTRICT_OFFICE)
    return inside or any_approved(await queries.statuses_of(session, actor.organization_ids))


async def _vetted(actor: AnyStaff, session: Transaction) -> Actor:
    if not await is_vetted(session, actor):
        said = "This opens once the district has approved your organization. “Our details” shows how far it is."
        raise Refusal(Kind.FORBIDDEN, "partner_not_approved", said)
    return actor


async def _vetted_side(
    actor: Annotated[Actor, Depends(Allow(RoleName.SCHOOL_STAFF, RoleName.PARTNER_STAFF))], session: Transaction
) -> Actor:
    return await _vetted(actor, session)


Staff = Annotated[Actor, Depends(_vetted)]
"""The people of schools and the district, and of partners that the district has approved: whoever registers an
organization is still a stranger, who reaches only the meetings and tasks to which somebody else brought them."""

SideStaff = Annotated[Actor, Depends(_vetted_side)]
"""The people of schools and of approved partners; for which partnerships they speak is decided by the command."""


def is_staff(actor: Actor | None) -> bool:
    """Whether somebody works for a school, a partner or the district, as opposed to a family or a passer-by."""
    return actor is not None and actor.has(*STAFF)


def told(actor: Actor | None, program: ProgramView) -> ProgramView:
    """A program as somebody may read it: passers-by do not learn why it takes nobody."""
    return program if hears_why(actor, program.organization_id) else program.without_reasons()
