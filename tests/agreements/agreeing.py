"""Things to test agreements with: two sides, a draft with everything that a signature needs, an agreement in force."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.models import Agreement, Edition, Person, Todo
from services.agreements.rules.agreements import Side
from services.agreements.rules.terms import TermsEntry
from shared.clock import new_id
from shared.events.base import Fact
from shared.events.vocabulary import RoleName
from shared.identity.actor import Actor
from tests.agreements.support import a_known_school, an_organization, partner_of, the_district
from tests.support.builders import an_actor
from tests.support.events import outbox

ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 8, 3, 15, tzinfo=UTC)
"""In the summer before the school year for which agreements are signed here."""
CURRENCY = "USD"


def at(day: str, clock: str = "09:00") -> datetime:
    """A moment by the district's clock."""
    moment = datetime.combine(datetime.fromisoformat(day).date(), time.fromisoformat(clock), tzinfo=ZONE)
    return moment.astimezone(UTC)


def an_agreed_entry(**changes: Any) -> TermsEntry:
    """Terms with everything that a signature needs."""
    fields: dict[str, Any] = {
        "title": "Mentors for grade 9",
        "kind": "no_cost_mou",
        "scope": "Two mentors, three afternoons a week.",
        "school_duties": "Refers students and gives a room.",
        "partner_duties": "Keeps attendance.",
        "students": "Grade 9, up to 40.",
        "starts_on": "2026-09-01",
        "ends_on": "2027-06-30",
        "goals": [
            {
                "id": str(new_id()),
                "title": "More students come every day",
                "measure": "Share of days attended, from the register",
                "unit": "percent",
                "baseline": "82",
                "target": "90",
            }
        ],
    }
    return TermsEntry.model_validate(fields | changes)


@dataclass
class Two:
    """A school and a partner with a person each, and the district office."""

    session: AsyncSession
    school_id: UUID
    organization_id: UUID
    school: Actor
    partner: Actor
    district: Actor = field(default_factory=the_district)

    def of(self, side: Side) -> Actor:
        """The person of a side."""
        return self.school if side is Side.SCHOOL else self.partner


async def two_sides(session: AsyncSession, school: str = "Lincoln", partner: str = "City Year") -> Two:
    """A school and a partner whose people the service knows."""
    known = await a_known_school(session, school)
    organization = await an_organization(session, partner)
    two = Two(
        session,
        known.id,
        organization.id,
        an_actor(RoleName.SCHOOL_STAFF, known.id, name="Ada Diaz"),
        partner_of(organization.id),
    )
    await a_colleague(session, two.school, "Ada", "Diaz")
    await a_colleague(session, two.partner, "Rosa", "Lima")
    await a_colleague(session, two.district, "Dee", "Office")
    return two


async def a_colleague(session: AsyncSession, actor: Actor, given: str = "Sam", family: str = "Poe") -> Actor:
    """Let the service know somebody who works for a side."""
    session.add(
        Person(
            id=id_of(actor),
            given_name=given,
            family_name=family,
            school_ids=list(actor.school_ids),
            organization_ids=list(actor.organization_ids),
            is_district=actor.is_district,
        )
    )
    await session.flush()
    return actor


def id_of(actor: Actor) -> UUID:
    """Which person it is."""
    assert actor.person_id is not None
    return actor.person_id


async def a_draft(two: Two, *, by: Actor | None = None, now: datetime = NOW, **changes: Any) -> Agreement:
    """A draft with everything that a signature needs, contacts of both sides included."""
    by = by or two.school
    school_id = changes.pop("school_id", two.school_id)
    agreement = await commands.draft_agreement(
        two.session,
        agreement_id=new_id(),
        organization_id=two.organization_id,
        school_id=school_id,
        template="no_cost_mou",
        title="Mentors for grade 9",
        starts_on="2026-09-01",
        ends_on="2027-06-30",
        actor=by,
        now=now,
        zone=ZONE,
    )
    await fill(two, agreement, by=by, now=now, **changes)
    for side, person in ((Side.SCHOOL, two.school if school_id else two.district), (Side.PARTNER, two.partner)):
        agreement = await commands.name_agreement_contact(
            two.session, agreement.id, side=side, person_id=id_of(person), actor=two.district, now=now, zone=ZONE
        )
    return agreement


async def fill(two: Two, agreement: Agreement, *, by: Actor, now: datetime = NOW, **changes: Any) -> Agreement:
    """Write terms into the open draft."""
    return await commands.change_agreement(
        two.session,
        agreement.id,
        version=agreement.version,
        entry=an_agreed_entry(**changes),
        actor=by,
        now=now,
        zone=ZONE,
    )


async def sent(two: Two, agreement: Agreement, *, now: datetime = NOW) -> str:
    """Send a draft for signature; the digest that is to be signed."""
    await commands.send_for_signature(
        two.session,
        agreement.id,
        version=agreement.version,
        currency=CURRENCY,
        actor=two.school,
        now=now,
        zone=ZONE,
    )
    text = await two.session.get_one(Edition, (agreement.id, agreement.open_edition))
    assert text.digest
    return text.digest


async def sign(two: Two, agreement: Agreement, digest: str, *, by: Actor, now: datetime = NOW) -> Agreement:
    """Sign for the side of `by`."""
    return await commands.sign_agreement(
        two.session,
        agreement.id,
        name=by.name,
        role="",
        consents=True,
        digest=digest,
        actor=by,
        now=now,
        zone=ZONE,
    )


async def signed(two: Two, agreement: Agreement, *, now: datetime = NOW) -> Agreement:
    """Send a draft and let both sides sign it."""
    digest = await sent(two, agreement, now=now)
    await sign(two, agreement, digest, by=two.school, now=now)
    return await sign(two, agreement, digest, by=two.partner, now=now)


async def an_agreement(two: Two, *, now: datetime = NOW, **changes: Any) -> Agreement:
    """An agreement that both have signed."""
    return await signed(two, await a_draft(two, now=now, **changes), now=now)


async def settled(two: Two, now: datetime) -> int:
    """Let the calendar bring everything that is due at a moment; how much it was."""
    count = 0
    while done := await commands.settle_agreements(two.session, now=now, zone=ZONE):
        count += done
    return count


async def waiting(session: AsyncSession, about: Agreement) -> set[tuple[str, str]]:
    """What waits about an agreement, and for what kind of audience."""
    rows = await session.exec(select(Todo).where(Todo.about_id == about.id, Todo.closed_at == None))  # noqa: E711
    return {(todo.kind.value, todo.audience.value) for todo in rows}


async def told(session: AsyncSession, *kinds: type[Fact]) -> list[Fact]:
    """The facts of these kinds that were published, in order."""
    return [fact for fact in await outbox(session) if isinstance(fact, kinds)]
