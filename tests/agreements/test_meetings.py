"""Meetings by commands: each change is published and told to those whom it concerns."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.models import Invitee, Meeting, MeetingReminder, Occurrence
from services.agreements.pages.meetings import filled
from services.agreements.queries import meeting_view
from services.agreements.rules import Answer, MeetingEntry, OccurrenceStatus
from shared.events.agreements import (
    MeetingAnswered,
    MeetingCancelled,
    MeetingChanged,
    MeetingInvited,
    MeetingMoved,
    MeetingUninvited,
    MeetingUpdated,
    TodoClosed,
    TodoOpened,
)
from shared.events.vocabulary import TodoKind
from shared.identity.actor import Actor
from shared.refusals import Kind, Refusal
from tests.agreements.meeting_support import (
    BOSTON,
    LATER,
    WEEKLY,
    Partnership,
    a_meeting,
    a_partnership,
    dates_of,
    entry_of,
    facts,
    local,
    record,
    task,
    waiting,
)
from tests.support.events import outbox


async def change(
    session: AsyncSession, meeting: Meeting, people: Partnership, by: Actor | None = None, **changes: Any
) -> Meeting:
    """Dana says the meeting anew."""
    version = changes.pop("version", meeting.version)
    return await commands.change_meeting(
        session, meeting.id, version=version, entry=entry_of(people, **changes), zone=BOSTON, actor=by or people.dana,
        now=LATER,
    )  # fmt: skip


async def test_a_meeting_is_published_whole_and_its_people_are_invited(session_agreements: AsyncSession) -> None:
    people = await a_partnership(session_agreements)

    meeting = await a_meeting(session_agreements, people)

    (state,) = await facts(session_agreements, MeetingChanged)
    assert (state.title, state.place, state.zone, state.sequence) == ("How the fall goes", "Room 12", BOSTON.key, 0)
    assert [(date.starts_at, date.status) for date in state.dates] == [(local("2026-10-06 15:30"), "planned")]
    assert set(state.person_ids) == {people.dana.person_id, people.rosa.person_id}
    (invited,) = await facts(session_agreements, MeetingInvited)
    assert (invited.meeting_id, invited.at) == (meeting.id, local("2026-10-06 15:30"))
    assert await waiting(session_agreements, TodoKind.MEETING_ANSWER) == [people.rosa.person_id]


async def test_a_replayed_form_schedules_one_meeting(session_agreements: AsyncSession) -> None:
    people = await a_partnership(session_agreements)
    first = await a_meeting(session_agreements, people)
    told = len(await outbox(session_agreements))

    again = await commands.schedule_meeting(
        session_agreements, meeting_id=first.id, entry=MeetingEntry(), zone=BOSTON, actor=people.dana, now=LATER
    )

    assert again is first
    assert len(await outbox(session_agreements)) == told


async def test_a_series_keeps_its_hour_when_the_clocks_change(session_agreements: AsyncSession) -> None:
    people = await a_partnership(session_agreements)

    meeting = await a_meeting(session_agreements, people, **WEEKLY)

    starts = [one.starts_at.astimezone(BOSTON) for one in await dates_of(session_agreements, meeting)]
    assert len(starts) == 11
    assert {start.strftime("%a %H:%M") for start in starts} == {"Tue 15:30"}
    assert {start.utcoffset() for start in starts} == {timedelta(hours=-4), timedelta(hours=-5)}


async def test_a_meeting_that_is_moved_asks_everybody_anew_and_forgets_the_old_reminders(
    session_agreements: AsyncSession,
) -> None:
    people = await a_partnership(session_agreements)
    meeting = await a_meeting(session_agreements, people)
    await answer(session_agreements, meeting, people.rosa, Answer.YES)

    await change(session_agreements, meeting, people, date="2026-10-08", time="16:00")

    (moved,) = await facts(session_agreements, MeetingMoved)
    assert (moved.at, set(moved.person_ids)) == (
        local("2026-10-08 16:00"),
        {people.dana.person_id, people.rosa.person_id},
    )
    assert (await facts(session_agreements, MeetingChanged))[-1].sequence == 1
    assert await waiting(session_agreements, TodoKind.MEETING_ANSWER) == [people.rosa.person_id]
    reminders = (await session_agreements.exec(select(MeetingReminder))).all()
    assert {one.starts_at for one in reminders} == {local("2026-10-08 16:00")}
    assert len(reminders) == 6


async def answer(
    session: AsyncSession, meeting: Meeting, by: Actor, said: Answer, date: Occurrence | None = None
) -> None:
    await commands.answer_meeting(
        session, meeting.id, answer=said, occurrence_id=date.id if date else None, actor=by, now=LATER
    )


async def test_another_room_is_told_and_keeps_the_answers(session_agreements: AsyncSession) -> None:
    people = await a_partnership(session_agreements)
    meeting = await a_meeting(session_agreements, people)
    await answer(session_agreements, meeting, people.rosa, Answer.YES)

    await change(session_agreements, meeting, people, place="The library")

    (updated,) = await facts(session_agreements, MeetingUpdated)
    assert set(updated.person_ids) == {people.dana.person_id, people.rosa.person_id}
    assert await facts(session_agreements, MeetingMoved) == []
    rosa = await session_agreements.get(Invitee, (meeting.id, people.rosa.person_id))
    assert rosa is not None
    assert rosa.answer is Answer.YES


async def test_another_agenda_is_kept_and_mails_nobody(session_agreements: AsyncSession) -> None:
    people = await a_partnership(session_agreements)
    meeting = await a_meeting(session_agreements, people)

    await change(session_agreements, meeting, people, agenda="Only the room")

    assert meeting.agenda == "Only the room"
    assert [type(fact) for fact in await outbox(session_agreements)][-1] is MeetingChanged
    assert (await facts(session_agreements, MeetingChanged))[-1].sequence == 0


async def test_who_comes_new_is_invited_and_who_is_left_out_hears_it(session_agreements: AsyncSession) -> None:
    people = await a_partnership(session_agreements)
    meeting = await a_meeting(session_agreements, people)

    await change(session_agreements, meeting, people, person_ids=[str(people.omar.person_id)])

    assert (await facts(session_agreements, MeetingInvited))[-1].person_ids == (people.omar.person_id,)
    (gone,) = await facts(session_agreements, MeetingUninvited)
    assert gone.person_ids == (people.rosa.person_id,)
    assert await waiting(session_agreements, TodoKind.MEETING_ANSWER) == [people.omar.person_id]
    reminded = (await session_agreements.exec(select(MeetingReminder.person_id))).all()
    assert set(reminded) == {people.dana.person_id, people.omar.person_id}


async def test_saying_what_is_said_already_changes_nothing_whatever_the_version(
    session_agreements: AsyncSession,
) -> None:
    people = await a_partnership(session_agreements)
    meeting = await a_meeting(session_agreements, people, **WEEKLY)
    told = len(await outbox(session_agreements))

    await change(session_agreements, meeting, people, version=99, **WEEKLY)

    assert (meeting.version, len(await outbox(session_agreements))) == (1, told)


async def test_a_stale_form_is_refused_with_who_changed_it_when(session_agreements: AsyncSession) -> None:
    people = await a_partnership(session_agreements)
    meeting = await a_meeting(session_agreements, people)
    await change(session_agreements, meeting, people, by=people.rosa, place="The library")

    with pytest.raises(Refusal) as refused:
        await change(session_agreements, meeting, people, version=1, place="The yard")

    assert (refused.value.kind, refused.value.code) == (Kind.CONFLICT, "stale_version")
    assert "Rosa changed it just now" in refused.value.message


async def test_a_series_that_changes_keeps_the_dates_that_took_place(session_agreements: AsyncSession) -> None:
    people = await a_partnership(session_agreements)
    meeting = await a_meeting(session_agreements, people, **WEEKLY)
    october = local("2026-10-14 09:00")

    await commands.change_meeting(
        session_agreements, meeting.id, version=1, zone=BOSTON, actor=people.dana, now=october,
        entry=entry_of(people, date="2026-10-22", repeat="fortnightly", until="2026-12-15"),
    )  # fmt: skip

    state = (await facts(session_agreements, MeetingChanged))[-1]
    days = [(f"{date.starts_at.astimezone(BOSTON):%m-%d}", date.rule_at is None) for date in state.dates]
    assert days == [
        ("10-06", True), ("10-13", True), ("10-22", False), ("11-05", False), ("11-19", False), ("12-03", False)
    ]  # fmt: skip
    assert state.rule == "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH;UNTIL=20261203T203000Z"


async def move(session: AsyncSession, meeting: Meeting, date: Occurrence, day: str, by: Actor) -> None:
    await commands.move_date(
        session, meeting.id, date.id, version=meeting.version, day=day, hour="10:00", zone=BOSTON, actor=by, now=LATER
    )


async def test_one_date_of_a_series_is_moved_and_only_its_answers_are_asked_anew(
    session_agreements: AsyncSession,
) -> None:
    people = await a_partnership(session_agreements)
    meeting = await a_meeting(session_agreements, people, **WEEKLY)
    first, second, *_ = await dates_of(session_agreements, meeting)
    await answer(session_agreements, meeting, people.rosa, Answer.YES)

    await move(session_agreements, meeting, second, "2026-10-15", people.dana)

    (moved,) = await facts(session_agreements, MeetingMoved)
    assert (moved.occurrence_id, moved.at) == (second.id, local("2026-10-15 10:00"))
    state = (await facts(session_agreements, MeetingChanged))[-1]
    date = next(one for one in state.dates if one.occurrence_id == second.id)
    assert (date.starts_at, date.rule_at) == (local("2026-10-15 10:00"), local("2026-10-13 15:30"))
    reminders = await session_agreements.exec(
        select(MeetingReminder.starts_at).where(MeetingReminder.occurrence_id.in_([first.id, second.id]))  # type: ignore[attr-defined]
    )
    assert set(reminders) == {local("2026-10-06 15:30"), local("2026-10-15 10:00")}
    assert await waiting(session_agreements, TodoKind.MEETING_ANSWER) == [people.rosa.person_id]


async def test_a_meeting_that_takes_place_once_is_moved_with_its_calendar_entry(
    session_agreements: AsyncSession,
) -> None:
    people = await a_partnership(session_agreements)
    meeting = await a_meeting(session_agreements, people)
    (date,) = await dates_of(session_agreements, meeting)

    await move(session_agreements, meeting, date, "2026-10-15", people.rosa)

    state = (await facts(session_agreements, MeetingChanged))[-1]
    assert (state.starts_at, state.dates[0].rule_at, state.sequence) == (*[local("2026-10-15 10:00")] * 2, 1)
    assert (await facts(session_agreements, MeetingMoved))[0].occurrence_id is None


@pytest.mark.parametrize("one_date", [True, False])
async def test_what_is_called_off_is_told_and_reminds_nobody(session_agreements: AsyncSession, one_date: bool) -> None:
    people = await a_partnership(session_agreements)
    meeting = await a_meeting(session_agreements, people, **WEEKLY)
    first, *others = await dates_of(session_agreements, meeting)

    for _ in range(2):
        await commands.cancel_meeting(
            session_agreements, meeting.id, version=1, reason="Snow", occurrence_id=first.id if one_date else None,
            actor=people.rosa, now=LATER,
        )  # fmt: skip

    (cancelled,) = await facts(session_agreements, MeetingCancelled)
    assert cancelled.occurrence_id == (first.id if one_date else None)
    off = {one.id for one in await dates_of(session_agreements, meeting) if one.status is OccurrenceStatus.CANCELLED}
    assert off == ({first.id} if one_date else {first.id, *(one.id for one in others)})
    reminded = set((await session_agreements.exec(select(MeetingReminder.occurrence_id))).all())
    assert reminded & off == set()
    assert bool(await waiting(session_agreements, TodoKind.MEETING_ANSWER)) is one_date


async def test_an_answer_is_told_once_and_the_last_word_counts(session_agreements: AsyncSession) -> None:
    people = await a_partnership(session_agreements)
    meeting = await a_meeting(session_agreements, people)

    for said in (Answer.NO, Answer.NO, Answer.YES):
        await answer(session_agreements, meeting, people.rosa, said)

    assert [fact.answer for fact in await facts(session_agreements, MeetingAnswered)] == ["no", "yes"]
    assert await waiting(session_agreements, TodoKind.MEETING_ANSWER) == []


async def test_who_is_not_invited_has_nothing_to_answer(session_agreements: AsyncSession) -> None:
    people = await a_partnership(session_agreements)
    meeting = await a_meeting(session_agreements, people)

    with pytest.raises(Refusal) as refused:
        await answer(session_agreements, meeting, people.omar, Answer.YES)

    assert refused.value.kind is Kind.NOT_FOUND


async def test_an_answer_for_all_dates_takes_the_place_of_one_for_a_single_date(
    session_agreements: AsyncSession,
) -> None:
    people = await a_partnership(session_agreements)
    meeting = await a_meeting(session_agreements, people, **WEEKLY)
    _, second, *_ = await dates_of(session_agreements, meeting)

    await answer(session_agreements, meeting, people.rosa, Answer.NO, second)
    await answer(session_agreements, meeting, people.rosa, Answer.YES)

    told = [(fact.answer, fact.occurrence_id) for fact in await facts(session_agreements, MeetingAnswered)]
    assert told == [("no", second.id), ("yes", None)]


async def test_somebody_elses_meeting_does_not_exist(session_agreements: AsyncSession) -> None:
    people = await a_partnership(session_agreements)
    meeting = await a_meeting(session_agreements, people)
    (date,) = await dates_of(session_agreements, meeting)

    for attempt in (
        change(session_agreements, meeting, people, by=people.ivy),
        move(session_agreements, meeting, date, "2026-10-15", people.ivy),
        commands.cancel_meeting(session_agreements, meeting.id, version=1, actor=people.ivy, now=LATER),
        record(session_agreements, meeting, date, people.ivy),
        task(session_agreements, meeting, people, people.ivy),
    ):
        with pytest.raises(Refusal) as refused:
            await attempt
        assert refused.value.kind is Kind.NOT_FOUND


async def test_nobody_is_asked_to_answer_what_has_begun(session_agreements: AsyncSession) -> None:
    people = await a_partnership(session_agreements)
    await a_meeting(session_agreements, people)
    begins = local("2026-10-06 15:30")

    before = await commands.let_answers_go(session_agreements, now=begins - timedelta(seconds=1))
    asked = await waiting(session_agreements, TodoKind.MEETING_ANSWER)
    after = await commands.let_answers_go(session_agreements, now=begins)

    assert (before, asked, after) == (0, [people.rosa.person_id], 1)
    assert await waiting(session_agreements, TodoKind.MEETING_ANSWER) == []


@pytest.mark.parametrize("hour", ["00:00", "08:00", "15:30", "23:30"])
async def test_an_answer_to_a_series_is_waited_for_until_its_next_date(
    session_agreements: AsyncSession, hour: str
) -> None:
    people = await a_partnership(session_agreements)
    await a_meeting(session_agreements, people, time=hour, **WEEKLY)
    first = local(f"2026-10-06 {hour}")

    looks = [await commands.let_answers_go(session_agreements, now=first + timedelta(days=day)) for day in (-1, 0, 1)]

    assert looks == [0, 1, 0]
    opened = [fact.due_on.isoformat() for fact in await facts(session_agreements, TodoOpened)]
    assert opened == ["2026-10-06", "2026-10-13"]
    assert await facts(session_agreements, TodoClosed) == []


async def test_who_answered_a_series_is_not_asked_of_it_once_the_date_that_was_moved_is_over(
    session_agreements: AsyncSession,
) -> None:
    people = await a_partnership(session_agreements)
    meeting = await a_meeting(session_agreements, people, **WEEKLY)
    await answer(session_agreements, meeting, people.rosa, Answer.YES)
    first = (await dates_of(session_agreements, meeting))[0]
    await commands.move_date(
        session_agreements, meeting.id, first.id, version=meeting.version, day="2026-10-07", hour="09:00", zone=BOSTON,
        actor=people.dana, now=LATER,
    )  # fmt: skip
    asked = await waiting(session_agreements, TodoKind.MEETING_ANSWER)

    await commands.let_answers_go(session_agreements, now=local("2026-10-07 09:00"))

    assert asked == [people.rosa.person_id]
    assert await waiting(session_agreements, TodoKind.MEETING_ANSWER) == []


@pytest.mark.parametrize("moves", [{"10-13": "10-15"}, {"12-15": "12-17"}, {"12-08": "12-17", "12-15": "12-18"}])
async def test_a_new_agenda_is_saved_and_no_date_lost_though_the_next_ones_were_moved_from_days_that_are_past(
    session_agreements: AsyncSession, moves: dict[str, str]
) -> None:
    people = await a_partnership(session_agreements)
    meeting = await a_meeting(session_agreements, people, **WEEKLY)
    of_day = {f"{one.rule_at:%m-%d}": one for one in await dates_of(session_agreements, meeting)}
    for of, to in moves.items():
        await commands.move_date(
            session_agreements, meeting.id, of_day[of].id, version=meeting.version, day=f"2026-{to}", hour="15:30",
            zone=BOSTON, actor=people.dana, now=LATER,
        )  # fmt: skip
    before = len(await facts(session_agreements, MeetingMoved))
    between = local(f"2026-{min(moves.values())} 08:00")

    form = filled(await meeting_view(session_agreements, meeting.id, people.dana), between)
    form.agenda = "Only the room"
    await commands.change_meeting(
        session_agreements, meeting.id, version=form.version, entry=form, zone=BOSTON, actor=people.dana, now=between
    )

    after = {one.starts_at for one in await dates_of(session_agreements, meeting)}
    assert (meeting.agenda, meeting.round, len(after)) == ("Only the room", 1, len(of_day))
    assert {local(f"2026-{to} 15:30") for to in moves.values()} <= after
    assert len(await facts(session_agreements, MeetingMoved)) == before
