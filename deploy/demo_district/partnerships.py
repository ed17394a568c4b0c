"""What schools and partners of the demo district agreed on, where they meet, and how they rate their work.

All of it happens in one transaction, after the referrals: from the first agreement in force on every program needs one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from deploy.demo_district.names import PARTNER_CONTACTS, STAFF
from deploy.demo_district.programs import PARTNERS
from deploy.demo_district.stories import COUNSELOR, PARTNER
from services.agreements import commands
from services.agreements.agreement_templates import template_named
from services.agreements.frameworks import the_framework
from services.agreements.models import Agreement, Edition, Goal, Meeting, Occurrence
from services.agreements.rules import Answer, MeetingEntry, Repeat
from services.agreements.rules.agreements import Side
from services.agreements.rules.goals import GoalEntry, MeasurementEntry
from services.agreements.rules.ratings import RatingEntry
from services.agreements.rules.terms import TermsEntry
from services.agreements.settings import Settings
from services.people.roster import person_id, school_id
from shared.events.base import Role
from shared.events.vocabulary import RoleName
from shared.identity import Actor

SPACE = UUID("0c9b7f0e-2f4d-5a27-9a55-7d1c6a3f8e21")
"""Ids of the demo district's partnerships are UUIDv5 in this namespace."""
SCHOOL = "school-06"
TEMPLATE = "no_cost_mou"
ENDS_SOON, MUSIC, READING = "Tinker Yard", "Sound Street Music", "Millbrook Reads"
SCHOOL_RATES = "332 233 43 332 322 3323 32223"
PARTNER_RATES = "333 343 44 333 332 4333 33232"
"""One digit for each of the 23 indicators, by element."""


def thing(name: str) -> UUID:
    """The id of something in here."""
    return uuid5(SPACE, name)


@dataclass(slots=True)
class Stage:
    """Who is there, and when it all happens."""

    session: AsyncSession
    settings: Settings
    now: datetime
    office: UUID
    contacts: Mapping[str, UUID]
    """The person who answers for each partner, by its name."""
    organizations: Mapping[str, UUID]

    @property
    def today(self) -> date:
        """The date in the district."""
        return self.now.astimezone(self.settings.zone).date()

    @property
    def district(self) -> Actor:
        """The district office."""
        return _actor(self.office, RoleName.DISTRICT_OFFICE, None, "District Office")

    @property
    def school(self) -> Actor:
        """Who works on partnerships at the school."""
        name = STAFF[int(COUNSELOR.removeprefix("staff-")) - 1]
        return _actor(person_id(COUNSELOR), RoleName.SCHOOL_STAFF, school_id(SCHOOL), name)

    def partner(self, name: str) -> Actor:
        """Who answers for a partner."""
        person = PARTNER_CONTACTS[[partner.name for partner in PARTNERS].index(name)]
        return _actor(self.contacts[name], RoleName.PARTNER_STAFF, self.organizations[name], person)

    def by(self, actor: Actor, days_ago: int = 0) -> dict[str, Any]:
        """Who acts, and when: what commands about agreements take."""
        return {"actor": actor, "now": self.now - timedelta(days=days_ago), "zone": self.settings.zone}


def _actor(id: UUID, role: RoleName, scope: UUID | None, name: str) -> Actor:
    return Actor(person_id=id, name=name, roles=(Role(name=role, scope_id=scope),))


async def make_partnerships(stage: Stage) -> None:
    """Everything, or nothing where it is there already."""
    if await stage.session.get(Agreement, thing("mentores")):
        return
    for partner in PARTNERS:
        await _agree_with_every_school(stage, partner.name)
    await _agree_with_goals(stage)
    await _leave_unsigned(stage)
    await _meet(stage)
    await _rate(stage)


# Agreements


async def _agree_with_every_school(stage: Stage, partner: str) -> None:
    """The district office and a partner, for every school; one of these ends soon."""
    ends_in = 45 if partner == ENDS_SOON else 220
    students = "Whoever is referred and fits the program, at any school of the district."
    drafted = await _draft(
        stage, partner, f"{partner} at Millbrook's schools", by=stage.district, ends_in=ends_in, students=students
    )
    await _sign(stage, drafted, stage.partner(partner), stage.district)


async def _draft(
    stage: Stage, partner: str, title: str, *, by: Actor, key: str = "", begun: int = 100, ends_in: int = 220,
    **changes: Any,
) -> Agreement:  # fmt: skip
    """A draft with everything that a signature needs, begun so many days ago."""
    starts, ends = stage.today - timedelta(days=begun), stage.today + timedelta(days=ends_in)
    id, when = thing(key or partner), stage.by(by, begun)
    drafted = await commands.draft_agreement(
        stage.session, agreement_id=id, organization_id=stage.organizations[partner],
        school_id=None if by.is_district else school_id(SCHOOL), template=TEMPLATE, title=title,
        starts_on=starts.isoformat(), ends_on=ends.isoformat(), **when,
    )  # fmt: skip
    entry = _entry(title=title, starts_on=starts.isoformat(), ends_on=ends.isoformat(), **changes)
    await commands.change_agreement(stage.session, id, version=drafted.version, entry=entry, **when)
    return await commands.name_agreement_contact(
        stage.session, id, side=Side.PARTNER, person_id=stage.contacts[partner], **stage.by(stage.district, begun)
    )


def _entry(**changes: Any) -> TermsEntry:
    return template_named(TEMPLATE).terms.model_copy(update=changes)


async def _sign(stage: Stage, agreement: Agreement, *signers: Actor, days_ago: int = 97) -> None:
    """Send it for signature and let these sign, in this order."""
    when = stage.by(signers[-1], days_ago)
    currency = stage.settings.currency
    await commands.send_for_signature(stage.session, agreement.id, version=agreement.version, currency=currency, **when)
    digest = await _digest(stage, agreement)
    for signer in signers:
        await commands.sign_agreement(
            stage.session, agreement.id, name=signer.name, consents=True, digest=digest, **stage.by(signer, days_ago)
        )


async def _digest(stage: Stage, agreement: Agreement) -> str:
    text = await stage.session.get_one(Edition, (agreement.id, agreement.open_edition))
    return text.digest or ""


async def _agree_with_goals(stage: Stage) -> None:
    """The school's own agreement with the partner whose inbox has most to show: goals, and what was measured."""
    goals = [
        GoalEntry(id=thing("goal days"), title="More of the students come to school every day", unit="percent",
                  measure="Share of days attended by students with a mentor", baseline="86", target="92"),
        GoalEntry(id=thing("goal pairs"), title="Every student on the list has a mentor", unit="students",
                  measure="Students who meet a mentor twice a month", baseline="0", target="24"),
    ]  # fmt: skip
    drafted = await _draft(
        stage, PARTNER, "Mentores at Foundry Hill", by=stage.school, key="mentores", goals=goals,
        students="Grades 4 to 8, up to 24 at once.", sites="Room 12 and the library, after school.",
    )  # fmt: skip
    await _sign(stage, drafted, stage.partner(PARTNER), stage.school)
    measured = {"percent": ("87", "88.5", "90"), "students": ("9", "15", "19")}
    for goal in (await stage.session.exec(select(Goal).where(Goal.agreement_id == drafted.id))).all():
        for place, value in enumerate(measured[goal.unit]):
            ago = 80 - 30 * place
            day = stage.today - timedelta(days=ago)
            await commands.measure_goal(
                stage.session, drafted.id, goal.id, measurement_id=thing(f"{goal.unit} {place}"),
                entry=MeasurementEntry(measured_on=day.isoformat(), value=value), **stage.by(stage.school, ago),
            )  # fmt: skip


async def _leave_unsigned(stage: Stage) -> None:
    """One that waits for the school's signature, and a draft with a question in it."""
    music = await _draft(
        stage, MUSIC, "Choir and instruments at Foundry Hill", by=stage.school, key="music", begun=6,
        students="Grades 3 to 8.", schedule="Wednesdays, 3 to 5 pm.",
    )  # fmt: skip
    await _sign(stage, music, stage.partner(MUSIC), days_ago=1)
    draft = await _draft(stage, READING, "Reading Partners at Foundry Hill", by=stage.school, key="reading", begun=4)
    question = "Could the volunteers use the library on Tuesdays, too? Then there would be room for ten more children."
    await commands.comment_on_agreement(
        stage.session, draft.id, version=draft.version, words=question, field="schedule",
        **stage.by(stage.partner(READING), 2),
    )  # fmt: skip


# Meetings


async def _meet(stage: Stage) -> None:
    """A series with minutes and tasks behind it, and one meeting that waits for answers."""
    first = stage.today - timedelta(days=25 + (stage.today - timedelta(days=25)).weekday())
    series = await _schedule(
        stage, "check-in", "How Mentores is going", first, [PARTNER], days_ago=40, repeat=Repeat.FORTNIGHTLY,
        until=(stage.today + timedelta(days=80)).isoformat(), agenda="Who has a mentor\nDays attended\nWhat is next",
    )  # fmt: skip
    partner = stage.partner(PARTNER)
    await commands.answer_meeting(
        stage.session, series.id, answer=Answer.YES, actor=partner, now=stage.now - timedelta(days=39)
    )
    await _write_minutes(stage, series)
    for owner, what, days in (
        (stage.school, "Ask the families of grade 6 about Saturdays", 5),
        (partner, "Find four mentors who speak Portuguese", 12),
    ):
        await commands.agree_task(
            stage.session, task_id=thing(what), meeting_id=series.id, owner_id=owner.person_id or stage.office,
            what=what, on=(stage.today + timedelta(days=days)).isoformat(), **stage.by(stage.school),
        )  # fmt: skip
    day = stage.today + timedelta(days=8)
    day += timedelta(days=-day.weekday() % 7)
    await _schedule(stage, "all partners", "All partners of Foundry Hill at one table", day, [PARTNER, MUSIC, READING])


async def _schedule(
    stage: Stage, key: str, title: str, first: date, partners: list[str], *, days_ago: int = 0, **more: Any
) -> Meeting:
    entry = MeetingEntry(
        title=title, place="Foundry Hill K-8 School, room 12", school_id=str(school_id(SCHOOL)),
        organization_id=str(stage.organizations[partners[0]]) if len(partners) == 1 else "", date=first.isoformat(),
        time="15:30", minutes=45, person_ids=[str(stage.contacts[name]) for name in partners], **more,
    )  # fmt: skip
    when = stage.by(stage.school, days_ago)
    return await commands.schedule_meeting(stage.session, meeting_id=thing(key), entry=entry, **when)


async def _write_minutes(stage: Stage, meeting: Meeting) -> None:
    """Of every date that is over."""
    said = "19 of 24 students have a mentor. Attendance goes up. Saturdays would suit families of grade 6 better."
    over = select(Occurrence).where(Occurrence.meeting_id == meeting.id, col(Occurrence.ends_at) < stage.now)
    for one in (await stage.session.exec(over.order_by(col(Occurrence.starts_at)))).all():
        there = [id for id in (stage.school.person_id, stage.contacts[PARTNER]) if id]
        await commands.record_minutes(
            stage.session, meeting.id, one.id, version=meeting.version, minutes=said, attended_ids=there,
            actor=stage.school, now=min(one.ends_at + timedelta(hours=1), stage.now),
        )  # fmt: skip


# A review


async def _rate(stage: Stage) -> None:
    """Both sides rate the partnership's year."""
    calendar = stage.settings.school_calendar
    review = await commands.start_review(
        stage.session, school_id=school_id(SCHOOL), organization_id=stage.organizations[PARTNER],
        year=calendar.year_of(stage.today), calendar=calendar, actor=stage.school, now=stage.now,
    )  # fmt: skip
    for actor, rates in ((stage.school, SCHOOL_RATES), (stage.partner(PARTNER), PARTNER_RATES)):
        digits = rates.replace(" ", "")
        entries = [
            RatingEntry(indicator=code, rating=rating)
            for code, rating in zip(the_framework().indicators, digits, strict=True)
        ]
        who: dict[str, Any] = {"calendar": calendar, "actor": actor, "now": stage.now}
        sheet = await commands.save_ratings(stage.session, review.id, entries=entries, version=0, **who)
        await commands.give_ratings(stage.session, review.id, version=sheet.version, **who)
