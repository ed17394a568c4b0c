"""Things to test partners and programs with."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.models import Organization, Program, School
from services.agreements.rules import ProgramEntry
from services.agreements.rules.registration import Identity
from shared.clock import new_id
from shared.events.vocabulary import RoleName
from shared.identity.actor import Actor
from tests.support.builders import an_actor

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)

HEADER = "organization,name,needs,grades,schools,languages,capacity,contact name,contact email,contact phone,site"
CLUB = "City Year,Homework club,academic,K-5,,Spanish,25,Rosa Lima,rosa@example.org,617-555-0123,12 Main Street"
CHESS = "City Year,Chess club,arts; sports,6-8,,,,Rosa Lima,rosa@example.org,,12 Main Street"


def csv_of(*rows: str, header: str = HEADER) -> bytes:
    """A file with Crosswalk's own columns."""
    return "\n".join([header, *rows]).encode()


def the_district() -> Actor:
    """Somebody of the district office."""
    return an_actor(RoleName.DISTRICT_OFFICE)


def partner_of(organization_id: UUID) -> Actor:
    """Somebody who works for a partner."""
    return an_actor(RoleName.PARTNER_STAFF, organization_id)


def an_entry(**changes: Any) -> ProgramEntry:
    """A program as somebody enters it."""
    fields: dict[str, Any] = {
        "name": "Homework club",
        "needs": ["academic"],
        "contact_name": "Rosa Lima",
        "contact_email": "rosa@example.org",
    }
    return ProgramEntry.model_validate(fields | changes)


async def an_organization(session: AsyncSession, name: str = "City Year") -> Organization:
    """A partner that is registered."""
    return await commands.register_organization(
        session, organization_id=new_id(), identity=Identity(name=name), sure=True, actor=the_district(), now=NOW
    )


async def a_program_of(session: AsyncSession, organization: Organization, **changes: Any) -> Program:
    """A program that is open."""
    return await commands.add_program(
        session,
        program_id=new_id(),
        organization_id=organization.id,
        entry=an_entry(**changes),
        country="US",
        actor=partner_of(organization.id),
        now=NOW,
    )


async def a_known_school(session: AsyncSession, name: str = "Lincoln") -> School:
    """A school that people told of."""
    school = School(id=new_id(), name=name)
    session.add(school)
    await session.flush()
    return school
