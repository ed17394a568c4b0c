"""Whom a newcomer may sign in as: for each role one link, or a sentence why there is none."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.people.commands.sign_in import issue_setup_link
from services.people.models import Person, RoleHeld
from shared.events.vocabulary import RoleName

ROLES = (
    ("District office", RoleName.DISTRICT_OFFICE, "Nobody who is active works for it."),
    (
        "School staff",
        RoleName.SCHOOL_STAFF,
        "The roster names nobody who works at a school. Import one that does: crosswalk roster import PATH",
    ),
    (
        "Partner",
        RoleName.PARTNER_STAFF,
        "No program has a contact with an e-mail address. Import programs: crosswalk programs import PATH",
    ),
    (
        "Family",
        RoleName.GUARDIAN,
        "The roster names no guardians. Import one that does: crosswalk roster import PATH",
    ),
)
"""Each role in words, and why nobody may have it."""


async def sign_in_links(
    session: AsyncSession, personas: Mapping[str, str], *, public_url: str, now: datetime
) -> list[tuple[str, str]]:
    """Pairs to print: who (role and name) and a link that works once, or a role and why it has no link.

    `personas` (role in words: id) are taken where they still are there; else the first of the role by name.
    """
    offers = []
    for words, role, why_not in ROLES:
        person = await _somebody(session, role, personas.get(words))
        if person is None:
            offers.append((words, why_not))
            continue
        link = await issue_setup_link(session, person.id, public_url=public_url, now=now)
        offers.append((f"{words}, {person.given_name} {person.family_name}".rstrip(), link))
    return offers


async def _somebody(session: AsyncSession, role: RoleName, persona: str | None) -> Person | None:
    holders = select(RoleHeld.person_id).where(RoleHeld.name == role)
    there = select(Person).where(col(Person.active), col(Person.id).in_(holders))
    by_name = there.order_by(Person.family_name, Person.given_name, col(Person.id)).limit(1)
    chosen = (await session.exec(there.where(Person.id == UUID(persona)))).first() if persona else None
    return chosen or (await session.exec(by_name)).first()
