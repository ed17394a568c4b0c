"""Minutes and attendance, and the tasks that a meeting hands out."""

from datetime import timedelta

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.rules import OccurrenceStatus
from shared.events.agreements import (
    MeetingHeld,
    TaskAgreed,
    TaskDone,
    TaskDropped,
    TaskReminderDue,
    TaskReworded,
)
from shared.events.vocabulary import TodoKind
from shared.refusals import Refusal
from tests.agreements.meeting_support import (
    BOSTON,
    LATER,
    NOW,
    a_meeting,
    a_partnership,
    dates_of,
    facts,
    local,
    record,
    task,
    waiting,
)


async def test_minutes_are_waited_for_when_a_meeting_has_ended_and_told_when_they_are_there(
    session_agreements: AsyncSession,
) -> None:
    people = await a_partnership(session_agreements)
    meeting = await a_meeting(session_agreements, people)
    (date,) = await dates_of(session_agreements, meeting)
    ended = date.ends_at

    assert await commands.ask_for_minutes(session_agreements, now=ended - timedelta(seconds=1)) == 0
    assert await commands.ask_for_minutes(session_agreements, now=ended) == 1
    assert await commands.ask_for_minutes(session_agreements, now=ended) == 0
    waited = await waiting(session_agreements, TodoKind.MEETING_MINUTES)
    for _ in range(2):
        await record(session_agreements, meeting, date, people.rosa, people.rosa)

    assert waited == [people.dana.person_id]
    assert await waiting(session_agreements, TodoKind.MEETING_MINUTES) == []
    (held,) = await facts(session_agreements, MeetingHeld)
    assert (held.attended_ids, held.again) == ((people.rosa.person_id,), False)
    assert date.status is OccurrenceStatus.HELD


async def test_a_meeting_that_has_not_begun_has_no_minutes(session_agreements: AsyncSession) -> None:
    people = await a_partnership(session_agreements)
    meeting = await a_meeting(session_agreements, people, date="2026-10-07")
    (date,) = await dates_of(session_agreements, meeting)

    with pytest.raises(Refusal) as refused:
        await record(session_agreements, meeting, date, people.dana)

    assert refused.value.code == "meeting_move_not_possible"


async def test_what_was_agreed_waits_for_its_owner_is_reminded_of_twice_and_ends_when_it_is_done(
    session_agreements: AsyncSession,
) -> None:
    people = await a_partnership(session_agreements)
    meeting = await a_meeting(session_agreements, people)
    agreed = await task(session_agreements, meeting, people, people.dana)
    waited = await waiting(session_agreements, TodoKind.TASK)

    now = NOW
    while now < local("2026-10-25 00:00"):
        await commands.remind_of_tasks(session_agreements, zone=BOSTON, now=now)
        now += timedelta(hours=1)
    await commands.finish_task(session_agreements, agreed.id, actor=people.rosa, now=now)
    await commands.finish_task(session_agreements, agreed.id, actor=people.rosa, now=now + timedelta(hours=1))

    assert waited == [people.rosa.person_id]
    assert [fact.overdue for fact in await facts(session_agreements, TaskReminderDue)] == [False, True]
    assert len(await facts(session_agreements, TaskDone)) == 1
    assert await waiting(session_agreements, TodoKind.TASK) == []


async def test_a_task_that_is_dropped_reminds_nobody_and_comes_back_with_its_reminders(
    session_agreements: AsyncSession,
) -> None:
    people = await a_partnership(session_agreements)
    agreed = await task(session_agreements, await a_meeting(session_agreements, people), people, people.dana)

    await commands.drop_task(session_agreements, agreed.id, actor=people.dana, now=LATER + timedelta(hours=1))
    silent = await commands.remind_of_tasks(session_agreements, zone=BOSTON, now=local("2026-10-19 09:00"))
    await commands.reopen_task(
        session_agreements, agreed.id, zone=BOSTON, actor=people.dana, now=LATER + timedelta(hours=2)
    )
    heard = await commands.remind_of_tasks(session_agreements, zone=BOSTON, now=local("2026-10-19 09:00"))

    assert (silent, heard) == (0, 1)
    assert len(await facts(session_agreements, TaskDropped)) == 1
    assert len(await facts(session_agreements, TaskAgreed)) == 2


async def test_a_task_goes_to_another_owner_with_all_that_waits(session_agreements: AsyncSession) -> None:
    people = await a_partnership(session_agreements)
    agreed = await task(session_agreements, await a_meeting(session_agreements, people), people, people.dana)
    assert people.dana.person_id

    await commands.change_task(
        session_agreements, agreed.id, version=1, owner_id=people.dana.person_id, what="Order the chairs",
        on="2026-10-20", zone=BOSTON, actor=people.dana, now=LATER,
    )  # fmt: skip

    assert await waiting(session_agreements, TodoKind.TASK) == [people.dana.person_id]
    assert (await facts(session_agreements, TaskAgreed))[-1].person_id == people.dana.person_id


async def test_other_words_of_a_task_are_on_the_record_and_do_not_give_it_out_again(
    session_agreements: AsyncSession,
) -> None:
    people = await a_partnership(session_agreements)
    agreed = await task(session_agreements, await a_meeting(session_agreements, people), people, people.dana)
    assert people.rosa.person_id

    await commands.change_task(
        session_agreements, agreed.id, version=1, owner_id=people.rosa.person_id, what="Order the tables",
        on="2026-10-20", zone=BOSTON, actor=people.dana, now=LATER,
    )  # fmt: skip

    assert len(await facts(session_agreements, TaskReworded)) == 1
    assert len(await facts(session_agreements, TaskAgreed)) == 1
