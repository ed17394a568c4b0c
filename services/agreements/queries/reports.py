"""The report on the strength of a school's partnerships in a year: its ratings, last year's, the district's."""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement, func
from sqlalchemy import select as columns
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.frameworks import the_framework
from services.agreements.models import Organization, Program, Rating, Review, School, Sheet, YearEnd
from services.agreements.queries.evidence import Evidence, evidence
from services.agreements.rules import not_found
from services.agreements.rules.agreements import Side
from services.agreements.rules.framework import EvidenceKind
from services.agreements.rules.ratings import Answer, SheetState
from services.agreements.rules.school_years import SchoolCalendar
from services.agreements.rules.strength import ElementStrength, Figures, NextStep, strength
from services.agreements.rules.year_ends import Decision, YearEndState
from shared.identity.actor import Actor


class Pointer(BaseModel):
    """What somebody's rating builds on, in their words."""

    side: Side
    partner: str
    """Which partnership it is about."""
    answer: Answer
    words: str


class IndicatorReport(BaseModel):
    """One indicator in the report."""

    code: str
    words: str
    figures: Figures
    known: EvidenceKind | None
    """What the system itself knows about it."""
    pointers: list[Pointer]


class ElementReport(BaseModel):
    """One element in the report; the means of other years and of the district are None where nobody rated."""

    code: str
    title: str
    figures: Figures
    last_year: float | None
    district: float | None
    strengths: list[str]
    """Codes of the indicators that are rated best."""
    next_steps: list[NextStep]
    indicators: list[IndicatorReport]


class DecisionLine(BaseModel):
    """What was decided at the year's end."""

    review_id: UUID
    partner: str
    program: str | None
    """None: the partnership as a whole."""
    decision: Decision
    reason: str
    build_on: str
    to_change: str
    known_by: str


class Report(BaseModel):
    """How strong a school's partnerships are."""

    school_id: UUID
    school: str
    year: int
    framework: str
    scale: tuple[str, ...]
    reviews: int
    """Partnerships that are looked at."""
    rated_by_school: int
    rated_by_partner: int
    """Of these, in how many the partner has rated."""
    evidence: Evidence
    elements: list[ElementReport]
    decisions: list[DecisionLine]

    @property
    def is_empty(self) -> bool:
        """Whether nobody has rated anything."""
        return not (self.rated_by_school or self.rated_by_partner)


def may_read(actor: Actor, school_id: UUID) -> bool:
    """A school's report is for its own people and the district: it sums up what several partners said."""
    return actor.is_district or school_id in actor.school_ids


async def school_report(
    session: AsyncSession, school_id: UUID, year: int, *, calendar: SchoolCalendar, actor: Actor, now: datetime
) -> Report:
    """The report of one school and year; others' are not there."""
    school = await session.get(School, school_id)
    if school is None or not may_read(actor, school_id):
        raise not_found("school")
    framework = the_framework()
    mine = strength(framework, await tallies(session, year, school_id))
    before = strength(framework, await tallies(session, year - 1, school_id))
    district = strength(framework, await tallies(session, year))
    pointers = await _pointers(session, year, school_id)
    by_side = await _given(session, year, school_id)
    return Report(
        school_id=school_id,
        school=school.name,
        year=year,
        framework=framework.title,
        scale=framework.scale,
        reviews=await _reviews(session, year, school_id),
        rated_by_school=by_side.get(Side.SCHOOL, 0),
        rated_by_partner=by_side.get(Side.PARTNER, 0),
        evidence=await evidence(session, school_id, calendar=calendar, year=year, now=now),
        elements=[_element(*one, pointers) for one in zip(mine, before, district, strict=True)],
        decisions=await _decisions(session, year, school_id),
    )


def _element(
    mine: ElementStrength, before: ElementStrength, district: ElementStrength, pointers: dict[str, list[Pointer]]
) -> ElementReport:
    kinds = {code: one.evidence for code, one in the_framework().indicators.items()}
    return ElementReport(
        code=mine.code,
        title=mine.title,
        figures=mine.figures,
        last_year=before.figures.mean,
        district=district.figures.mean,
        strengths=[one.code for one in mine.strengths],
        next_steps=mine.next_steps,
        indicators=[
            IndicatorReport(
                code=one.code,
                words=one.words,
                figures=one.figures,
                known=kinds[one.code],
                pointers=pointers.get(one.code, []),
            )
            for one in mine.indicators
        ],
    )


def _counts(year: int, school_id: UUID | None) -> list[ColumnElement[bool]]:
    """Which ratings count: those that were given, by this framework."""
    conditions = [
        col(Review.year) == year,
        col(Review.framework) == the_framework().name,
        col(Sheet.state) == SheetState.GIVEN,
    ]
    return conditions if school_id is None else [*conditions, col(Review.school_id) == school_id]


async def tallies(
    session: AsyncSession, year: int, school_id: UUID | None = None
) -> dict[tuple[Side, str], dict[Answer, int]]:
    """How often each side gave each answer, at one school or in the whole district."""
    rows = await session.execute(
        columns(col(Rating.side), col(Rating.indicator), col(Rating.answer), func.count())
        .join(Sheet, (col(Sheet.review_id) == col(Rating.review_id)) & (col(Sheet.side) == col(Rating.side)))
        .join(Review, col(Review.id) == col(Rating.review_id))
        .where(*_counts(year, school_id), col(Rating.answer).is_not(None))
        .group_by(col(Rating.side), col(Rating.indicator), col(Rating.answer))
    )
    found: dict[tuple[Side, str], dict[Answer, int]] = defaultdict(dict)
    for side, indicator, answer, times in rows:
        found[side, indicator][answer] = times
    return found


async def _pointers(session: AsyncSession, year: int, school_id: UUID) -> dict[str, list[Pointer]]:
    rows = await session.execute(
        columns(
            col(Rating.indicator), col(Rating.side), col(Rating.answer), col(Rating.evidence), col(Organization.name)
        )
        .join(Sheet, (col(Sheet.review_id) == col(Rating.review_id)) & (col(Sheet.side) == col(Rating.side)))
        .join(Review, col(Review.id) == col(Rating.review_id))
        .join(Organization, col(Organization.id) == col(Review.organization_id))
        .where(*_counts(year, school_id), col(Rating.evidence) != "")
        .order_by(col(Organization.name_key), col(Rating.side).desc())
    )
    found: dict[str, list[Pointer]] = defaultdict(list)
    for indicator, side, answer, words, partner in rows:
        found[indicator].append(Pointer(side=side, partner=partner, answer=answer, words=words))
    return found


async def _given(session: AsyncSession, year: int, school_id: UUID) -> dict[Side, int]:
    rows = await session.execute(
        columns(col(Sheet.side), func.count())
        .join(Review, col(Review.id) == col(Sheet.review_id))
        .where(*_counts(year, school_id))
        .group_by(col(Sheet.side))
    )
    return {side: int(count) for side, count in rows}


async def _reviews(session: AsyncSession, year: int, school_id: UUID) -> int:
    found = select(func.count()).select_from(Review).where(Review.year == year, Review.school_id == school_id)
    return (await session.exec(found)).one()


async def _decisions(session: AsyncSession, year: int, school_id: UUID) -> list[DecisionLine]:
    rows = await session.exec(
        select(YearEnd, Organization.name, Program.name)
        .join(Review, col(Review.id) == col(YearEnd.review_id))
        .join(Organization, col(Organization.id) == col(Review.organization_id))
        .outerjoin(Program, col(Program.id) == col(YearEnd.program_id))
        .where(Review.year == year, Review.school_id == school_id, YearEnd.state == YearEndState.DECIDED)
        .order_by(col(Organization.name_key), col(YearEnd.program_id).is_not(None), col(Program.name_key))
    )
    return [
        DecisionLine(partner=partner, program=program, **row.model_dump(include=_SAID))
        for row, partner, program in rows
    ]


_SAID = {"review_id", "decision", "reason", "build_on", "to_change", "known_by"}
