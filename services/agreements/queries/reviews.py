"""What is asked about reviews: the list, and one with what each side said."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Select, and_, func, or_
from sqlalchemy import select as columns
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Organization, Program, Rating, Review, ReviewRound, School, Sheet, YearEnd
from services.agreements.queries.common import Blank, words_in
from services.agreements.rules import ProgramStatus, not_found
from services.agreements.rules.agreements import Side
from services.agreements.rules.ratings import Answer, SheetState, may_see, side_of
from services.agreements.rules.school_years import Asked
from services.agreements.rules.year_ends import Decision, YearEndState
from shared.identity.actor import Actor


class ReviewSearch(BaseModel):
    """Which reviews are looked for; everything that is given must fit."""

    q: Annotated[str | None, Blank] = Field(default=None, max_length=200, description="Words of the school or partner")
    year: Annotated[int | None, Blank] = Field(default=None, ge=2000, le=2200, description="The year it begins in")
    school: Annotated[UUID | None, Blank] = None
    organization: Annotated[UUID | None, Blank] = None
    state: Annotated[Literal["to_rate", "rated", "to_decide", "decided"] | None, Blank] = None


class ReviewLine(BaseModel):
    """A review in a list."""

    id: UUID
    school_id: UUID
    school: str
    organization_id: UUID
    partner: str
    year: int
    rate_by: date | None
    decide_by: date | None
    school_ratings: SheetState
    partner_ratings: SheetState
    decision: Decision | None
    """About the partnership as a whole."""

    def ratings_of(self, side: Side) -> SheetState:
        """How far a side's ratings are."""
        return self.school_ratings if side is Side.SCHOOL else self.partner_ratings


class SheetView(BaseModel):
    """How far one side's ratings are."""

    side: Side
    state: SheetState
    version: int
    """0: nothing was rated yet."""
    changed_at: datetime | None
    given_at: datetime | None
    visible: bool
    """Whether the reader may see the ratings themselves."""
    rated: int
    """Indicators that have a rating; 0 where they cannot be seen."""


class RatedView(BaseModel):
    """One indicator as one side rated it."""

    model_config = ConfigDict(from_attributes=True)

    indicator: str
    answer: Answer | None
    evidence: str


class YearEndView(BaseModel):
    """The look back at the year, on a partnership (no program) or on one of its programs."""

    model_config = ConfigDict(from_attributes=True)

    program_id: UUID | None
    program: str | None = None
    state: YearEndState
    attendance: str
    academic_growth: str
    social_growth: str
    other_measures: str
    learnt: str
    decision: Decision | None
    reason: str
    build_on: str
    to_change: str
    known_by: str
    version: int
    changed_at: datetime
    changed_by_side: Side
    decided_at: datetime | None


class ReviewView(ReviewLine):
    """A review with what each side said, as far as the reader may see it."""

    sheets: dict[Side, SheetView]
    ratings: dict[Side, dict[str, RatedView]]
    """By indicator; empty for a side whose ratings cannot be seen yet."""
    year_ends: list[YearEndView]
    """The partnership as a whole first."""
    my_side: Side | None
    """For which side the reader speaks."""


_BySchool, _ByPartner, _Whole = aliased(Sheet), aliased(Sheet), aliased(YearEnd)


def seen_by(actor: Actor) -> ColumnElement[bool]:
    """The reviews that somebody may know of: the district all, others those of their school or organization."""
    if actor.is_district:
        return col(Review.id).is_not(None)
    return or_(col(Review.school_id).in_(actor.school_ids), col(Review.organization_id).in_(actor.organization_ids))


async def find_reviews(
    session: AsyncSession, search: ReviewSearch, actor: Actor, *, offset: int = 0, limit: int | None = None
) -> tuple[list[ReviewLine], int]:
    """Reviews that fit, newest year first, a part of them, and how many there are in all."""
    fits = [seen_by(actor), *_fits(search, actor)]
    rows = await session.execute(
        _lines(*fits)
        .order_by(col(Review.year).desc(), func.lower(col(School.name)), col(Organization.name_key), col(Review.id))
        .offset(offset)
        .limit(limit)
    )
    lines = [ReviewLine.model_validate(dict(row)) for row in rows.mappings()]
    counted = _lines(*fits).with_only_columns(func.count(), maintain_column_froms=True)
    return lines, int((await session.execute(counted)).scalar_one())


def _lines(*fits: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    nothing = SheetState.NOT_STARTED
    return (
        columns(
            *(col(c) for c in (Review.id, Review.school_id, Review.organization_id, Review.year)),
            *(col(c) for c in (Review.rate_by, Review.decide_by)),
            col(School.name).label("school"),
            col(Organization.name).label("partner"),
            func.coalesce(_BySchool.state, nothing.value).label("school_ratings"),
            func.coalesce(_ByPartner.state, nothing.value).label("partner_ratings"),
            col(_Whole.decision).label("decision"),
        )
        .select_from(Review)
        .join(School, col(School.id) == col(Review.school_id))
        .join(Organization, col(Organization.id) == col(Review.organization_id))
        .outerjoin(_BySchool, and_(col(_BySchool.review_id) == col(Review.id), col(_BySchool.side) == Side.SCHOOL))
        .outerjoin(_ByPartner, and_(col(_ByPartner.review_id) == col(Review.id), col(_ByPartner.side) == Side.PARTNER))
        .outerjoin(
            _Whole,
            and_(
                col(_Whole.review_id) == col(Review.id),
                col(_Whole.program_id).is_(None),
                col(_Whole.state) == YearEndState.DECIDED,
            ),
        )
        .where(*fits)
    )


def _fits(search: ReviewSearch, actor: Actor) -> list[ColumnElement[bool]]:
    fits = words_in(search.q or "", School.name, Organization.name)
    for column, wanted in (
        (Review.year, search.year),
        (Review.school_id, search.school),
        (Review.organization_id, search.organization),
    ):
        if wanted is not None:
            fits.append(col(column) == wanted)
    if search.state:
        fits.append(_in_state(search.state, actor))
    return fits


def _in_state(state: str, actor: Actor) -> ColumnElement[bool]:
    """ "To rate" is about the reader's own side; for the district office about either."""
    rated = {
        Side.SCHOOL: col(_BySchool.state).is_not_distinct_from(SheetState.GIVEN),
        Side.PARTNER: col(_ByPartner.state).is_not_distinct_from(SheetState.GIVEN),
    }
    if actor.is_district:
        mine = and_(*rated.values())
    else:
        of_school = col(Review.school_id).in_(actor.school_ids)
        mine = or_(and_(of_school, rated[Side.SCHOOL]), and_(~of_school, rated[Side.PARTNER]))
    decided = col(_Whole.id).is_not(None)
    return {"to_rate": ~mine, "rated": mine, "to_decide": ~decided, "decided": decided}[state]


async def review_view(session: AsyncSession, review_id: UUID, actor: Actor) -> ReviewView:
    """One review; others' are not there."""
    row = (await session.execute(_lines(seen_by(actor), col(Review.id) == review_id))).mappings().first()
    if row is None:
        raise not_found("review")
    line = ReviewLine.model_validate(dict(row))
    mine = side_of(actor, line.school_id, line.organization_id)
    sheets, ratings = await _sheets(session, line, mine)
    return ReviewView(
        **line.model_dump(),
        sheets=sheets,
        ratings=ratings,
        year_ends=await year_ends(session, [review_id]),
        my_side=mine,
    )


async def _sheets(
    session: AsyncSession, line: ReviewLine, mine: Side | None
) -> tuple[dict[Side, SheetView], dict[Side, dict[str, RatedView]]]:
    kept = {row.side: row for row in await session.exec(select(Sheet).where(Sheet.review_id == line.id))}
    states = {side: line.ratings_of(side) for side in Side}
    ratings: dict[Side, dict[str, RatedView]] = {side: {} for side in Side}
    for row in await session.exec(select(Rating).where(Rating.review_id == line.id)):
        if may_see(mine, row.side, states):
            ratings[row.side][row.indicator] = RatedView.model_validate(row)
    sheets = {side: _sheet(side, kept.get(side), states, mine, ratings[side]) for side in Side}
    return sheets, ratings


def _sheet(
    side: Side,
    row: Sheet | None,
    states: Mapping[Side, SheetState],
    mine: Side | None,
    ratings: Mapping[str, RatedView],
) -> SheetView:
    return SheetView(
        side=side,
        state=states[side],
        version=row.version if row else 0,
        changed_at=row.changed_at if row else None,
        given_at=row.given_at if row else None,
        visible=may_see(mine, side, states),
        rated=sum(one.answer is not None for one in ratings.values()),
    )


async def year_ends(session: AsyncSession, review_ids: Sequence[UUID]) -> list[YearEndView]:
    """The looks back of these reviews, the partnership as a whole first, then its programs by name."""
    rows = await session.exec(
        select(YearEnd, Program.name)
        .outerjoin(Program, col(Program.id) == col(YearEnd.program_id))
        .where(col(YearEnd.review_id).in_(review_ids))
        .order_by(col(YearEnd.program_id).is_not(None), col(Program.name_key))
    )
    return [YearEndView.model_validate(row).model_copy(update={"program": name}) for row, name in rows]


async def reviewable_programs(session: AsyncSession, review: ReviewLine) -> Sequence[Program]:
    """The partner's programs that serve the school, and those that were looked back on already."""
    serves = or_(col(Program.school_ids) == [], col(Program.school_ids).contains([review.school_id]))
    reviewed = select(YearEnd.program_id).where(YearEnd.review_id == review.id)
    rows = await session.exec(
        select(Program)
        .where(
            Program.organization_id == review.organization_id,
            or_(and_(serves, col(Program.status) != ProgramStatus.CLOSED), col(Program.id).in_(reviewed)),
        )
        .order_by(col(Program.name_key))
    )
    return rows.all()


async def rounds(session: AsyncSession, year: int) -> dict[Asked, ReviewRound]:
    """What everybody was asked for in a school year."""
    return {one.what: one for one in await session.exec(select(ReviewRound).where(ReviewRound.year == year))}
