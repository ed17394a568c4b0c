"""Referrals in lists: which ones somebody sees, what a line shows, filters and order."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator
from sqlalchemy import ColumnElement, Select, and_, exists, func, null, or_, select
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.models import Attempt, Message, Person, Program, Referral, School, StudentWord
from services.referrals.names import folded_words
from services.referrals.queries.shapes import Listed, ReferralLine
from services.referrals.rules import AttemptState, ReferralState, sight
from services.referrals.scope import UNSEEN, seen_referrals
from shared.events.vocabulary import Need
from shared.identity import Actor
from shared.refusals import Kind, Refusal

Student, Referrer = aliased(Person, name="student"), aliased(Person, name="referrer")

NOTHING = null()
UNANSWERED = (AttemptState.SENT, AttemptState.ACKNOWLEDGED)
MOST_EXPORTED = 20_000

Blank = BeforeValidator(lambda value: value or None)
"""A form sends an empty word where nothing was chosen."""


class Sort(StrEnum):
    """The order of a list."""

    CHANGED = "changed"
    ANSWER_BY = "answer_by"
    SUBMITTED = "submitted"


class Filters(BaseModel):
    """What of a list is wanted; everything is optional."""

    state: Annotated[str | None, Blank] = None
    """A referral's state; for a partner the state of its own attempt."""
    need: Annotated[Need | None, Blank] = None
    organization_id: Annotated[UUID | None, Blank] = None
    partner: str = ""
    """A part of the partner's name."""
    school_id: Annotated[UUID | None, Blank] = None
    overdue: bool = False
    mine: bool = False
    unreached: bool = False
    q: str = ""
    """Beginnings of words of the student's name."""
    sort: Annotated[Sort, BeforeValidator(lambda value: value or Sort.CHANGED)] = Sort.CHANGED


def overdue_at(now: datetime) -> ColumnElement[bool]:
    """An answer is due and has not come."""
    return and_(col(Attempt.state).in_(UNANSWERED), col(Attempt.answer_by) < now)


def is_late(attempt: Attempt, now: datetime) -> bool:
    """The same, of an attempt in hand."""
    return attempt.state in UNANSWERED and attempt.answer_by is not None and attempt.answer_by < now


def for_partner(actor: Actor) -> bool:
    """Whether somebody sees referrals from a partner's side only."""
    return bool(actor.organization_ids) and not actor.school_ids and not actor.is_district


def _with_all(attempt: ColumnElement[bool], *, every: bool) -> Select[*tuple[Any, ...]]:
    """Referrals with all that a line shows; made once, because making a statement costs more than running it."""
    return (
        select(
            Referral, Attempt, Student, Referrer, col(School.name), col(Program.name), col(Program.organization_name)
        )
        .select_from(Referral)
        .join(Attempt, attempt, isouter=every)
        .outerjoin(Student, col(Student.id) == col(Referral.student_id))
        .outerjoin(Referrer, col(Referrer.id) == col(Referral.referrer_id))
        .outerjoin(School, col(School.id) == Referral.school_id)
        .outerjoin(Program, col(Program.id) == Attempt.program_id)
    )


_WITH_ANY_ATTEMPT = _with_all(col(Attempt.referral_id) == col(Referral.id), every=False)
_WITH_ITS_ATTEMPT = _with_all(col(Attempt.id) == col(Referral.attempt_id), every=True)


def lines_of(actor: Actor) -> Select[*tuple[Any, ...]]:
    """Referrals that the actor may see: a partner's own attempts, or referrals with the attempt that matters now."""
    if for_partner(actor):
        return _WITH_ANY_ATTEMPT.where(
            col(Attempt.organization_id).in_(actor.organization_ids), col(Attempt.state).not_in(UNSEEN)
        )
    if actor.organization_ids and not actor.is_district:
        return _of_both(actor)
    return _WITH_ITS_ATTEMPT.where(seen_referrals(actor))


def _of_both(actor: Actor) -> Select[*tuple[Any, ...]]:
    """Of somebody who works at a school and for a partner: each referral from the side from which it is seen."""
    ours = col(Referral.school_id).in_(actor.school_ids)
    own = and_(
        col(Attempt.referral_id) == col(Referral.id),
        col(Attempt.organization_id).in_(actor.organization_ids),
        col(Attempt.state).not_in(UNSEEN),
    )
    shown = or_(and_(ours, col(Attempt.id) == col(Referral.attempt_id)), and_(~ours, own))
    return _with_all(shown, every=True).where(seen_referrals(actor))


def as_line(row: Any, actor: Actor, now: datetime) -> ReferralLine:
    """A row of `lines_of` as it is shown."""
    referral, attempt, student, referrer, school, program, organization = row
    ours = actor.is_district or referral.school_id in actor.school_ids
    shown = student is not None and (ours or attempt is None or sight(attempt.state).student)
    return ReferralLine(
        id=referral.id,
        version=referral.version,
        student_id=referral.student_id if shown else None,
        student=student.name if shown else "A student",
        grade=student.grade if shown else None,
        school_id=referral.school_id,
        school=school or "",
        need=referral.need,
        urgency=referral.urgency,
        state=referral.state,
        referrer=referrer.name if referrer else "",
        submitted_at=referral.submitted_at,
        changed_at=referral.changed_at,
        attempt_id=attempt.id if attempt else None,
        attempt_state=attempt.state if attempt else None,
        program=program or "",
        organization=organization or "",
        answer_by=attempt.answer_by if attempt else None,
        overdue=attempt is not None and is_late(attempt, now),
    )


def begins_with(column: Mapped[str], prefix: str) -> ColumnElement[bool]:
    """The same as LIKE 'prefix%', in the operators of the index: a plan without the value can use it too."""
    return and_(column.op("~>=~")(prefix), column.op("~<~")(prefix + "\U0010ffff"))


def named_like(student_id: Mapped[UUID], q: str) -> list[ColumnElement[bool]]:
    """Every word asked for begins a word of the student's name."""
    return [
        student_id.in_(select(col(StudentWord.student_id)).where(begins_with(col(StudentWord.word), word)))
        for word in folded_words(q)
    ]


def _unreached() -> ColumnElement[bool]:
    failed, other = aliased(Message), aliased(Message)
    of, child = aliased(Referral), aliased(Person)
    came_through = exists().where(
        and_(
            col(other.referral_id) == col(of.id),
            col(other.recipient_id) == func.any(child.guardian_ids),
            or_(col(other.sent_at).is_not(None), col(other.read_at).is_not(None)),
        )
    )
    return col(Referral.id).in_(
        select(col(failed.referral_id))
        .join(of, col(of.id) == col(failed.referral_id))
        .join(child, col(child.id) == col(of.student_id))
        .where(
            col(failed.failed_at).is_not(None), col(failed.recipient_id) == func.any(child.guardian_ids), ~came_through
        )
    )


UNREACHED = _unreached()
"""A message to a guardian failed, and none came through. Read from the few failures, not from all referrals."""
UNDER_WAY = col(Referral.closed_at).is_(None)
"""The referral has not ended."""


def _known_state(state: str, known: type[AttemptState] | type[ReferralState]) -> str:
    if state in set(known):
        return state
    words = "There is no such state. Choose one of the states in the list."
    raise Refusal(Kind.INVALID, "no_such_state", words, fields={"state": words})


def _conditions(filters: Filters, actor: Actor, now: datetime) -> list[ColumnElement[bool]]:
    state = col(Attempt.state) if for_partner(actor) else col(Referral.state)
    chosen: dict[Any, Any] = {
        col(Referral.need): filters.need,
        col(Attempt.organization_id): filters.organization_id,
        col(Referral.school_id): filters.school_id,
    }
    conditions = [column == value for column, value in chosen.items() if value is not None]
    if filters.state:
        conditions.append(state == _known_state(filters.state, AttemptState if for_partner(actor) else ReferralState))
    if filters.partner.strip():
        conditions.append(col(Program.organization_name).icontains(filters.partner.strip(), autoescape=True))
    if filters.overdue:
        conditions.append(overdue_at(now))
    if filters.mine:
        conditions.append(col(Referral.referrer_id) == actor.person_id)
    if filters.unreached:
        conditions += [UNREACHED, UNDER_WAY]
    return conditions + named_like(col(Referral.student_id), filters.q)


_ORDER: dict[Sort, tuple[Any, ...]] = {
    Sort.CHANGED: (col(Referral.changed_at).desc(), col(Referral.id)),
    Sort.SUBMITTED: (col(Referral.submitted_at).desc(), col(Referral.id)),
    Sort.ANSWER_BY: (col(Attempt.answer_by).asc().nulls_last(), col(Referral.id)),
}


async def list_referrals(
    session: AsyncSession, filters: Filters, *, actor: Actor, now: datetime, offset: int, limit: int
) -> Listed[ReferralLine]:
    """Referrals that the actor may see."""
    wanted = lines_of(actor).where(*_conditions(filters, actor, now)).order_by(*_ORDER[filters.sort])
    total, rows = await page_of_lines(session, wanted, actor, offset, limit)
    return Listed(total=total, items=[as_line(row, actor, now) for row, _ in rows])


async def export_lines(session: AsyncSession, filters: Filters, *, actor: Actor, now: datetime) -> list[ReferralLine]:
    """The same list, whole."""
    return (await list_referrals(session, filters, actor=actor, now=now, offset=0, limit=MOST_EXPORTED)).items


async def page_of_lines(
    session: AsyncSession,
    wanted: Select[*tuple[Any, ...]],
    actor: Actor,
    offset: int,
    limit: int,
    *,
    beside: ColumnElement[Any] = NOTHING,
) -> tuple[int, list[tuple[Any, Any]]]:
    """How many there are in all, and one page of what `lines_of` began, each with what is asked for `beside` it.

    Which rows these are is found first, by ids alone: sorting whole rows would read every student's.
    """
    ids = wanted.with_only_columns(col(Referral.id), col(Attempt.id), beside, maintain_column_froms=True)
    keys = (await session.execute(ids.offset(offset).limit(limit))).all()
    rows = await session.execute(lines_of(actor).where(col(Referral.id).in_([key[0] for key in keys])))
    by_key = {(row[0].id, row[1].id if row[1] else None): row for row in rows}
    return await count(session, wanted), [(by_key[(key[0], key[1])], key[2]) for key in keys]


async def count(session: AsyncSession, wanted: Select[*tuple[Any, ...]]) -> int:
    """How many rows there are in all."""
    counted = wanted.order_by(None).with_only_columns(func.count(), maintain_column_froms=True)
    total: int = (await session.execute(counted)).scalar_one()
    return total
