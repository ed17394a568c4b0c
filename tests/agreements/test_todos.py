"""What waits for somebody: opened once, moved, closed, and published each time that something changed."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands import (
    To,
    close_todos,
    for_district,
    for_organization,
    for_person,
    for_school,
    open_todo,
)
from shared.clock import new_id
from shared.events.agreements import TodoClosed, TodoOpened
from shared.events.vocabulary import TodoAudience, TodoKind
from tests.agreements.support import NOW, the_district
from tests.support.events import outbox

DUE = date(2026, 12, 1)


async def opened(session: AsyncSession, about_id: UUID, to: To, due_on: date | None = DUE) -> None:
    """Have a signature wait."""
    await open_todo(
        session, TodoKind.AGREEMENT_SIGN, about_id, to=to, due_on=due_on, actor=the_district(), now=NOW
    )  # fmt: skip


@pytest.mark.parametrize("make", [for_school, for_organization, for_person, lambda id: for_district()])
async def test_what_waits_already_is_not_opened_twice(session_agreements: AsyncSession, make) -> None:  # type: ignore[no-untyped-def]
    about_id, to = new_id(), make(new_id())

    await opened(session_agreements, about_id, to)
    await opened(session_agreements, about_id, to)

    (fact,) = await outbox(session_agreements)
    assert isinstance(fact, TodoOpened)
    assert (fact.about_id, fact.audience, fact.audience_id, fact.due_on) == (about_id, to.audience, to.id, DUE)


async def test_another_date_is_told_of_the_same_todo(session_agreements: AsyncSession) -> None:
    about_id, to = new_id(), for_district()
    later = DUE + timedelta(days=7)

    await opened(session_agreements, about_id, to)
    await opened(session_agreements, about_id, to, later)

    first, second = await outbox(session_agreements)
    assert isinstance(first, TodoOpened)
    assert second == first.model_copy(update={"due_on": later})


async def test_closing_closes_what_fits_and_nothing_else(session_agreements: AsyncSession) -> None:
    about_id, other = new_id(), new_id()
    school, partner = for_school(new_id()), for_organization(new_id())
    for to, thing in ((school, about_id), (partner, about_id), (school, other)):
        await opened(session_agreements, thing, to)

    await close_todos(session_agreements, about_id, to=school, actor=the_district(), now=NOW)
    await close_todos(session_agreements, about_id, kind=TodoKind.TASK, actor=the_district(), now=NOW)
    await close_todos(session_agreements, new_id(), actor=the_district(), now=NOW)

    facts = await outbox(session_agreements)
    closed = [fact.todo_id for fact in facts if isinstance(fact, TodoClosed)]
    assert closed == [
        f.todo_id
        for f in facts
        if isinstance(f, TodoOpened) and (f.about_id, f.audience) == (about_id, TodoAudience.SCHOOL)
    ]


async def test_what_was_closed_may_wait_again(session_agreements: AsyncSession) -> None:
    about_id, to = new_id(), for_district()

    await opened(session_agreements, about_id, to)
    await close_todos(session_agreements, about_id, actor=the_district(), now=NOW)
    await opened(session_agreements, about_id, to)

    first, closed, again = await outbox(session_agreements)
    assert isinstance(first, TodoOpened)
    assert isinstance(again, TodoOpened)
    assert isinstance(closed, TodoClosed)
    assert closed.todo_id == first.todo_id != again.todo_id
