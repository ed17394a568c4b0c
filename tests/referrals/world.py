"""A small district to test in: one school, one family, two partners."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from services.referrals import commands, consumers
from services.referrals.commands import Answer, StatedConsent, Submission
from services.referrals.models import Attempt, Referral
from services.referrals.rules import AttemptState, BusinessCalendar, ConsentMethod, ReferralState, Verb
from shared.clock import new_id
from shared.db import Database
from shared.events import Fact, agreements, people
from shared.events.base import Role
from shared.events.referrals import EVENTS
from shared.events.vocabulary import DeclineReason, Need, RoleName, Urgency
from shared.identity import Actor
from shared.refusals import Refusal
from tests.support.builders import a_person, a_program, a_school, a_student, an_actor
from tests.support.events import deliver, outbox

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
"""A Friday, ten in the morning in Boston."""
CALENDAR = BusinessCalendar(ZoneInfo("America/New_York"))


def person_of(actor: Actor, **changes: Any) -> people.PersonChanged:
    """The person behind an actor."""
    given, _, family = actor.name.partition(" ")
    assert actor.person_id is not None
    values: dict[str, Any] = {"given_name": given, "family_name": family, "roles": actor.roles}
    return a_person(person_id=actor.person_id, **(values | changes))


@dataclass
class World:
    """Everyone and everything in it; facts about them are in `facts`."""

    db: Database
    school: people.SchoolChanged = field(default_factory=a_school)
    facts: list[Fact] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.mother = a_person(given_name="Marie", family_name="Joseph", language="ht")
        self.student = a_student(self.school.school_id, family_name="Joseph", guardian_ids=(self.mother.person_id,))
        self.staff = an_actor(RoleName.SCHOOL_STAFF, self.school.school_id, name="Dana Okafor")
        self.district = an_actor(RoleName.DISTRICT_OFFICE, name="Lee Park")
        self.program = a_program()
        self.second = a_program(organization_name="Harbor Tutors", name="Evening Tutors")
        self.partner = an_actor(RoleName.PARTNER_STAFF, self.program.organization_id, name="Ana Reis")
        self.colleague = an_actor(RoleName.PARTNER_STAFF, self.program.organization_id, name="Bo Chen")
        self.other_partner = an_actor(RoleName.PARTNER_STAFF, self.second.organization_id, name="Cy Diaz")
        self.guardian = an_actor(
            RoleName.GUARDIAN,
            self.student.person_id,
            person_id=self.mother.person_id,
            name="Marie Joseph",
            language="ht",
        )
        staff = (self.staff, self.district, self.partner, self.colleague, self.other_partner)
        self.facts = [self.school, self.mother, self.student, self.program, self.second, *map(person_of, staff)]

    async def hear(self, *facts: Fact, now: datetime = NOW) -> None:
        """Let facts reach the service."""
        await deliver(self.db, consumers.on, *facts, now=now)

    def submission(self, **changes: Any) -> Submission:
        """A referral of the student to both programs, with the mother's consent by phone."""
        return replace(
            Submission(
                referral_id=new_id(),
                student_id=self.student.person_id,
                need=Need.ACADEMIC,
                urgency=Urgency.ROUTINE,
                program_ids=(self.program.program_id, self.second.program_id),
                words="Reads well, needs help with fractions.",
                consent=self.consent(),
            ),
            **changes,
        )

    def consent(self, **changes: Any) -> StatedConsent:
        """The mother agreed by phone today."""
        return replace(StatedConsent(ConsentMethod.PHONE, NOW.date(), guardian_id=self.mother.person_id), **changes)

    async def submit(self, *, actor: Actor | None = None, now: datetime = NOW, **changes: Any) -> UUID:
        """Submit a referral; its id."""
        async with self.db.transaction() as session:
            referral = await commands.submit(
                session, self.submission(**changes), actor=actor or self.staff, now=now, calendar=CALENDAR
            )
            return referral.id

    async def move(
        self, name: str, id: UUID, *more: Any, actor: Actor, version: int | None = None, now: datetime = NOW, **kw: Any
    ) -> None:
        """Run a command about a referral in a transaction of its own."""
        async with self.db.transaction() as session:
            command = getattr(commands, name)
            await command(session, id, *more, version=version, actor=actor, now=now, calendar=CALENDAR, **kw)

    async def answer(
        self, id: UUID, verb: Verb, *, actor: Actor | None = None, version: int | None = None, **more: Any
    ) -> None:
        """A partner's answer; declining is for want of a place."""
        if verb is Verb.DECLINE:
            more = {"reason": DeclineReason.NO_CAPACITY} | more
        await self.move("give_answer", id, Answer(verb, **more), actor=actor or self.partner, version=version)

    async def refused(self, name: str, id: UUID, *more: Any, actor: Actor, **kw: Any) -> Refusal:
        """The refusal of a command that must be refused."""
        with pytest.raises(Refusal) as caught:
            await self.move(name, id, *more, actor=actor, **kw)
        return caught.value

    async def referral(self, id: UUID) -> Referral:
        """The row."""
        async with self.db.transaction() as session:
            return await session.get_one(Referral, id)

    async def state(self, id: UUID) -> ReferralState:
        """Where the referral stands."""
        return (await self.referral(id)).state

    async def attempts(self, id: UUID) -> list[AttemptState]:
        """Where its attempts stand, first choice first."""
        async with self.db.transaction() as session:
            found: Sequence[Attempt] = (
                await session.exec(select(Attempt).where(Attempt.referral_id == id).order_by(col(Attempt.position)))
            ).all()
            return [attempt.state for attempt in found]

    async def told(self) -> list[str]:
        """The types of all facts published, in order, without `referral.` and `.v1`."""
        return [fact.type.split(".")[1] for fact in await self.published()]

    async def published(self) -> list[Fact]:
        """All facts published, in order."""
        async with self.db.transaction() as session:
            return [fact for fact in await outbox(session) if fact.topic == EVENTS]

    def another_school_s(self) -> Actor:
        """Somebody of another school."""
        return an_actor(RoleName.SCHOOL_STAFF, new_id(), name="Sam Other")

    def another_parent(self) -> Actor:
        """A guardian of another child."""
        return an_actor(RoleName.GUARDIAN, new_id(), name="Pat Other")

    def another_partner(self) -> Actor:
        """Somebody of a partner that has nothing to do with it."""
        return an_actor(RoleName.PARTNER_STAFF, new_id(), name="Kim Other")


async def a_world(db: Database) -> World:
    """A world that the service has heard of."""
    world = World(db)
    await world.hear(*world.facts)
    return world


def later(**more: float) -> datetime:
    """A moment after `NOW`."""
    return NOW + timedelta(**more)


def closed(program: agreements.ProgramChanged) -> agreements.ProgramChanged:
    """The program, closed."""
    return program.model_copy(update={"status": "closed"})


__all__ = ["CALENDAR", "NOW", "Role", "World", "a_world", "closed", "later", "person_of"]
