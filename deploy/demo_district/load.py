"""Loads the demo district through the importers and commands that users have; doing it twice changes nothing."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid5

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from deploy.demo_district import programs, roster
from deploy.demo_district.names import PARTNER_CONTACTS
from deploy.demo_district.partnerships import Stage, make_partnerships
from deploy.demo_district.stories import COUNSELOR, FAMILY, PARTNER, STORIES, Move, Story
from deploy.first_account import OFFICE
from services.agreements.commands import import_programs, survey_places
from services.agreements.models import Organization, School
from services.agreements.models import Person as Colleague
from services.agreements.settings import Settings as AgreementsSettings
from services.people.commands.import_roster import import_roster
from services.people.models import Person as PeoplePerson
from services.people.roster import person_id
from services.referrals import commands
from services.referrals.models import Attempt, Coverage, Person, Program, Referral
from services.referrals.rules import LIVE, BusinessCalendar, ConsentMethod, Verb
from shared.clock import utc_now
from shared.db import Database
from shared.events.base import Role
from shared.events.vocabulary import RoleName
from shared.identity import Actor, system

SPACE = UUID("5d6f7c52-9c0f-5e0b-8f43-2d3a9b6e1c04")
"""Ids of the demo district are UUIDv5 in this namespace."""
PATIENCE = 120.0
"""Seconds that the services get to hear of each other's facts."""

Found = TypeVar("Found")
Progress = Callable[[int, int], None]
"""Called with how much is done, of how much."""


async def load_district(people: Database, agreements: Database, progress: Progress) -> None:
    """Schools, people and programs, by the same imports as a user would."""
    now = utc_now()
    with tempfile.TemporaryDirectory() as folder:
        bundle = roster.write(Path(folder) / "roster")
        progress(1, 4)
        outcome = await import_roster(people, bundle, actor=system("people"), now=now)
        if outcome.errors:
            raise RuntimeError(f"the demo roster does not fit: {outcome.problems[0]}")
        progress(2, 4)
        table = programs.write(Path(folder) / "programs.csv")
        await import_programs(agreements, table, programs.MAPPING, lambda done, size: None, system("agreements"), now)
        progress(4, 4)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the referrals service has heard of so far."""

    programs: dict[str, Program]
    persons: dict[UUID, Person]


async def load_stories(people: Database, referrals: Database, calendar: BusinessCalendar, progress: Progress) -> None:
    """The referrals, each whole or not at all; waits until the services have heard of everybody."""
    contacts = await _contacts(people)
    known = await _known(referrals, set(contacts.values()))
    for number, story in enumerate(STORIES):
        id = uuid5(SPACE, f"referral {number}")
        async with referrals.transaction() as session:
            if await session.get(Referral, id) is None:
                await _Teller(session, id, story, known, contacts, calendar).tell()
        progress(number + 1, len(STORIES))


async def load_partnerships(
    people: Database, agreements: Database, referrals: Database, settings: AgreementsSettings, progress: Progress
) -> None:
    """Agreements, meetings and a review, all or nothing; returns when referrals knows what the agreements cover."""
    contacts = await _contacts(people)
    wanted = {*contacts.values(), person_id(COUNSELOR), OFFICE}
    organizations = await _organizations(agreements, wanted)
    progress(1, 3)
    async with agreements.transaction() as session:
        stage = Stage(session, settings, utc_now(), OFFICE, contacts, organizations)
        await make_partnerships(stage)
        await survey_places(session)
    progress(2, 3)

    async def covered() -> bool | None:
        async with referrals.transaction() as session:
            known = (await session.exec(select(Coverage.organization_id).where(Coverage.everywhere))).all()
        return set(organizations.values()) <= set(known) or None

    await _until(covered)
    progress(3, 3)


async def _organizations(agreements: Database, wanted: set[UUID]) -> dict[str, UUID]:
    """The partners by name, once the agreements service has heard of these people and of the schools."""
    names = [partner.name for partner in programs.PARTNERS]

    async def look() -> dict[str, UUID] | None:
        async with agreements.transaction() as session:
            here = set(await session.exec(select(Colleague.id).where(col(Colleague.id).in_(wanted))))
            rows = await session.exec(
                select(Organization.name, Organization.id).where(col(Organization.name).in_(names))
            )
            found = dict(rows.all())
            schools = (await session.exec(select(func.count()).select_from(School))).one()
        return found if wanted <= here and schools >= len(roster.SCHOOLS) else None

    return await _until(look)


async def personas(people: Database) -> dict[str, str]:
    """Whom a newcomer may sign in as: the role in words, and the person's id."""
    guardian = next(
        family.guardians[0]["sourcedId"]
        for family in roster.families()
        if FAMILY in (child["sourcedId"] for child in family.children)
    )
    return {
        "School staff": str(person_id(COUNSELOR)),
        "Partner": str((await _contacts(people))[PARTNER]),
        "Family": str(person_id(guardian)),
    }


async def _contacts(people: Database) -> dict[str, UUID]:
    """The person who answers for each partner, once the people service has heard of the programs."""
    wanted = {row[10]: row[0] for row in programs.rows()}

    async def look() -> dict[str, UUID] | None:
        async with people.transaction() as session:
            found = await session.exec(select(PeoplePerson).where(col(PeoplePerson.email).in_(wanted)))
            contacts = {wanted[person.email or ""]: person.id for person in found}
        return contacts if len(contacts) == len(PARTNER_CONTACTS) else None

    return await _until(look)


async def _known(referrals: Database, contacts: set[UUID]) -> _Known:
    wanted = contacts | {person_id(id) for story in STORIES for id in (story.staff, story.student)}

    async def look() -> _Known | None:
        async with referrals.transaction() as session:
            offered = {one.name: one for one in await session.exec(select(Program))}
            persons = {one.id: one for one in await session.exec(select(Person).where(col(Person.id).in_(wanted)))}
        enough = len(offered) >= len(programs.rows()) and wanted <= set(persons)
        return _Known(offered, persons) if enough else None

    return await _until(look)


async def _until(look: Callable[[], Awaitable[Found | None]]) -> Found:
    """Look until there is something to see."""
    async with asyncio.timeout(PATIENCE):
        while (found := await look()) is None:
            await asyncio.sleep(0.1)
    return found


class _Teller:
    """Lets one story happen, in one transaction."""

    def __init__(
        self, session: AsyncSession, id: UUID, story: Story, known: _Known, contacts: dict[str, UUID],
        calendar: BusinessCalendar,
    ) -> None:  # fmt: skip
        self.session, self.id, self.story = session, id, story
        self.known, self.contacts, self.calendar = known, contacts, calendar
        self.began = utc_now() - timedelta(days=story.days_ago)
        self.student = known.persons[person_id(story.student)]

    async def tell(self) -> None:
        """From the referral to its last move."""
        story = self.story
        submission = commands.Submission(
            referral_id=self.id,
            student_id=self.student.id,
            need=story.need,
            urgency=story.urgency,
            program_ids=tuple(self.known.programs[name].id for name in story.programs),
            words=story.words,
            consent=self._consent() if story.agreed else None,
        )
        await commands.submit(self.session, submission, actor=self._staff(), now=self.began, calendar=self.calendar)
        for move in story.moves:
            await self.session.flush()
            await self._move(move)

    def _consent(self) -> commands.StatedConsent:
        day = self.calendar.today(self.began)
        return commands.StatedConsent(ConsentMethod.PHONE, day, guardian_id=self.student.guardian_ids[0])

    async def _move(self, move: Move) -> None:
        at = self.began + timedelta(days=move.after)
        common: dict[str, Any] = {"version": None, "actor": await self._who(move), "now": at, "calendar": self.calendar}
        match move.verb:
            case Verb.ACKNOWLEDGE:
                await commands.acknowledge(self.session, self.id, **common)
            case Verb.GIVE_CONSENT:
                await commands.give_consent(self.session, self.id, None, **common)
            case Verb.WITHDRAW:
                await commands.withdraw(self.session, self.id, move.words, **common)
            case Verb.COMPLETE:
                assert move.outcome is not None
                await commands.complete(self.session, self.id, move.outcome, move.words, **common)
            case _:
                answer = commands.Answer(move.verb, move.reason, move.words)
                await commands.give_answer(self.session, self.id, answer, **common)

    async def _who(self, move: Move) -> Actor:
        if move.verb is Verb.GIVE_CONSENT:
            return _actor(self.student.guardian_ids[0], RoleName.GUARDIAN, self.student.id)
        return self._staff() if move.verb is Verb.WITHDRAW else await self._partner()

    def _staff(self) -> Actor:
        return _actor(person_id(self.story.staff), RoleName.SCHOOL_STAFF, self.student.school_id)

    async def _partner(self) -> Actor:
        """The contact of the partner that has the referral in hand now."""
        query = select(Attempt.organization_id).where(Attempt.referral_id == self.id, col(Attempt.state).in_(LIVE))
        organization = (await self.session.exec(query)).one()
        names = {one.organization_id: one.organization_name for one in self.known.programs.values()}
        return _actor(self.contacts[names[organization]], RoleName.PARTNER_STAFF, organization)


def _actor(id: UUID, role: RoleName, scope: UUID | None) -> Actor:
    return Actor(person_id=id, name="", roles=(Role(name=role, scope_id=scope),))
