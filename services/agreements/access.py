"""Who may change partners' programs, said in a route's signature."""

from typing import Annotated

from fastapi import Depends

from shared.events.vocabulary import RoleName
from shared.identity import Actor
from shared.identity.access import Allow

Keeper = Annotated[Actor, Depends(Allow(RoleName.PARTNER_STAFF, RoleName.DISTRICT_OFFICE))]
"""Partner staff and the district office; whose programs they may change is decided by the command."""

SideStaff = Annotated[Actor, Depends(Allow(RoleName.SCHOOL_STAFF, RoleName.PARTNER_STAFF))]
"""The people of schools and partners; for which partnerships they speak is decided by the command."""

STAFF = (RoleName.SCHOOL_STAFF, RoleName.PARTNER_STAFF, RoleName.DISTRICT_OFFICE)


def is_staff(actor: Actor | None) -> bool:
    """Whether somebody works for a school, a partner or the district, as opposed to a family or a passer-by."""
    return actor is not None and actor.has(*STAFF)
