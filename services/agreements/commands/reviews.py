"""A review of a school year by a school and a partner: start it, find it, say what became of it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select as columns
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.todos import To, close_todos, for_organization, for_school, open_todo
from services.agreements.frameworks import the_framework
from services.agreements.models import Review, School
from services.agreements.queries.partners import organization_view
from services.agreements.queries.partnerships import contacts_of, work_together
from services.agreements.rules import not_found
from services.agreements.rules.agreements import Side
from services.agreements.rules.ratings import side_of
from services.agreements.rules.school_years import SchoolCalendar, refuse_closed, year_label
from services.agreements.rules.vetting import check_works_here
from shared.clock import new_id
from shared.events.vocabulary import TodoKind
from shared.identity.actor import Actor
from shared.refusals import Kind, Refusal


async def start_review(
    session: AsyncSession,
    *,
    school_id: UUID,
    organization_id: UUID,
    year: int,
    calendar: SchoolCalendar,
    actor: Actor,
    now: datetime,
) -> Review:
    """Begin to look at a partnership's year; once more gives the review that is there.

    A partner can begin where it is known to have worked with the school; a school knows itself with whom it worked.
    """
    side = side_of(actor, school_id, organization_id)
    if side is None and not actor.is_district:
        raise not_found("school")
    refuse_closed(calendar, year, calendar.today(now))
    if await session.get(School, school_id) is None:
        raise not_found("school")
    partner = await organization_view(session, organization_id, actor)
    check_works_here(partner.status, partner.name)
    if side is Side.PARTNER and not await work_together(
        session, school_id, organization_id, calendar=calendar, year=year
    ):
        raise _strangers(year)
    return await opened_review(session, school_id, organization_id, year, now=now)


async def opened_review(
    session: AsyncSession, school_id: UUID, organization_id: UUID, year: int, *, now: datetime
) -> Review:
    """The review of a school, a partner and a year, locked; made if it is not there."""
    framework = the_framework()
    values: dict[str, Any] = {
        "id": new_id(),
        "school_id": school_id,
        "organization_id": organization_id,
        "year": year,
        "framework": framework.name,
        "framework_version": framework.version,
        "started_at": now,
    }
    await session.execute(insert(Review).values(values).on_conflict_do_nothing())
    of_them = (Review.school_id == school_id, Review.organization_id == organization_id, Review.year == year)
    return (await session.exec(select(Review).where(*of_them).with_for_update())).one()


async def hand_over_reviews(session: AsyncSession, organization_id: UUID, into_id: UUID) -> None:
    """Have the reviews of a partner be those of another one, where the two are one.

    Where both have one with a school and a year, the old one stays the record of the old organization.
    """
    both = aliased(Review)
    same = (
        col(both.school_id) == col(Review.school_id),
        col(both.year) == col(Review.year),
        col(both.organization_id) == into_id,
    )
    await session.execute(
        update(Review)
        .where(col(Review.organization_id) == organization_id, ~columns(col(both.id)).where(*same).exists())
        .values(organization_id=into_id)
    )


async def locked_review(session: AsyncSession, review_id: UUID, actor: Actor) -> tuple[Review, Side]:
    """A review and the side for which the actor speaks, locked until the transaction ends."""
    review = await session.get(Review, review_id, with_for_update=True)
    if review is None:
        raise not_found("review")
    side = side_of(actor, review.school_id, review.organization_id)
    if side is None and not actor.is_district:
        raise not_found("review")
    if side is None:
        said = "Only the school and the partner rate and review their partnership. You can read it and ask them."
        raise Refusal(Kind.FORBIDDEN, "not_your_side", said)
    return review, side


async def about(session: AsyncSession, review: Review) -> dict[str, Any]:
    """What every fact about a review says."""
    school_contact, partner_contact = await contacts_of(session, review.school_id, review.organization_id)
    return {
        "review_id": review.id,
        "school_id": review.school_id,
        "organization_id": review.organization_id,
        "year": review.year,
        "school_contact_id": school_contact,
        "partner_contact_id": partner_contact,
    }


def people_at(review: Review, side: Side) -> To:
    """Whoever works on one side of the partnership."""
    return for_school(review.school_id) if side is Side.SCHOOL else for_organization(review.organization_id)


async def have_waiting(
    session: AsyncSession,
    review: Review,
    kind: TodoKind,
    side: Side,
    due_on: date | None,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Have the review wait for one side until a day; without one nobody was asked, and nothing waits."""
    if due_on is not None:
        await open_todo(
            session,
            kind,
            review.id,
            to=people_at(review, side),
            school_id=review.school_id,
            organization_id=review.organization_id,
            due_on=due_on,
            actor=actor,
            now=now,
        )


async def no_longer_waiting(
    session: AsyncSession, review: Review, kind: TodoKind, side: Side, *, actor: Actor, now: datetime
) -> None:
    """It is done for one side."""
    await close_todos(session, review.id, kind=kind, to=people_at(review, side), actor=actor, now=now)


def _strangers(year: int) -> Refusal:
    said = (
        f"Crosswalk knows of no agreement and no referral between this school and you in {year_label(year)}. "
        "Ask the school to start the review."
    )
    return Refusal(Kind.CONFLICT, "no_partnership", said, fields={"school_id": said})
