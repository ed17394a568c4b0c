"""Answers that calendar programs send by mail: understood once, from the one who was invited, to the newest state."""

from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from icalendar import Calendar, Event, vCalAddress
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.models import Invitee, Meeting, Presence
from services.agreements.rules import Answer
from shared.clock import new_id
from shared.events.agreements import MeetingAnswered
from shared.identity.actor import Actor
from shared.refusals import Refusal
from tests.agreements.meeting_support import (
    BOSTON,
    NOW,
    WEEKLY,
    Partnership,
    a_meeting,
    a_partnership,
    an_email,
    dates_of,
)
from tests.support.events import outbox

LATER = NOW + timedelta(hours=1)


def a_reply(meeting: Meeting, who: Actor, said: str = "ACCEPTED", **changes: Any) -> bytes:
    """The mail of a calendar program."""
    values = {
        "uid": f"{meeting.id}@district.example.org", "sequence": meeting.sequence, "method": "REPLY", "about": None,
        "sender": f"Somebody <{an_email(who)}>", "content": None,
    } | changes  # fmt: skip
    event = Event()
    event.add("UID", values["uid"])
    event.add("DTSTAMP", NOW)
    event.add("SEQUENCE", values["sequence"])
    if values["about"]:
        event.add("RECURRENCE-ID", values["about"])
    guest = vCalAddress(f"MAILTO:{an_email(who).upper()}")
    guest.params["PARTSTAT"] = said
    event["ATTENDEE"] = guest
    calendar = Calendar()
    calendar.add("METHOD", values["method"])
    calendar.add_component(event)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = values["sender"], "meetings@example.org", "Accepted: How the fall goes"
    mail.set_content("Rosa has accepted.")
    content = values["content"] or calendar.to_ical().decode()
    mail.add_alternative(content, subtype="calendar", params={"method": "REPLY"})
    return mail.as_bytes()


async def take(session: AsyncSession, mail: bytes) -> int:
    return await commands.take_mail(session, mail, now=LATER)


async def answer_of(session: AsyncSession, meeting: Meeting, who: Actor) -> Answer:
    found = await session.get_one(Invitee, (meeting.id, who.person_id))
    return found.answer


@pytest.fixture
async def people(session_agreements: AsyncSession) -> Partnership:
    return await a_partnership(session_agreements)


@pytest.mark.parametrize(
    ("said", "answer"), [("ACCEPTED", Answer.YES), ("TENTATIVE", Answer.MAYBE), ("DECLINED", Answer.NO)]
)
async def test_a_reply_is_an_answer_however_often_it_comes(
    session_agreements: AsyncSession, people: Partnership, said: str, answer: Answer
) -> None:
    meeting = await a_meeting(session_agreements, people)

    for _ in range(2):
        assert await take(session_agreements, a_reply(meeting, people.rosa, said)) == 1

    assert await answer_of(session_agreements, meeting, people.rosa) is answer
    told = [fact for fact in await outbox(session_agreements) if isinstance(fact, MeetingAnswered)]
    assert [(fact.answer, fact.way, fact.person_id) for fact in told] == [(answer, "mail", people.rosa.person_id)]


async def test_a_reply_about_one_date_answers_for_that_date_only(
    session_agreements: AsyncSession, people: Partnership
) -> None:
    meeting = await a_meeting(session_agreements, people, **WEEKLY)
    _, second, *_ = await dates_of(session_agreements, meeting)

    await take(session_agreements, a_reply(meeting, people.rosa, "DECLINED", about=second.rule_at.astimezone(BOSTON)))

    special = await session_agreements.get(Presence, (second.id, people.rosa.person_id))
    assert special is not None
    assert special.answer is Answer.NO
    assert await answer_of(session_agreements, meeting, people.rosa) is Answer.NONE


async def test_a_reply_to_the_time_before_is_passed_over(session_agreements: AsyncSession, people: Partnership) -> None:
    meeting = await a_meeting(session_agreements, people)
    (date,) = await dates_of(session_agreements, meeting)
    old = a_reply(meeting, people.rosa)
    await commands.move_date(
        session_agreements, meeting.id, date.id, version=1, day="2026-10-15", hour="10:00", zone=BOSTON,
        actor=people.dana, now=NOW,
    )  # fmt: skip

    assert await take(session_agreements, old) == 0
    assert await answer_of(session_agreements, meeting, people.rosa) is Answer.NONE
    assert await take(session_agreements, a_reply(meeting, people.rosa)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"sender": "Dana <dana@example.org>"},
        {"method": "REQUEST"},
        {"uid": f"{new_id()}@district.example.org"},
        {"uid": "x"},
        {"content": "BEGIN:VCALENDAR\nnonsense"},
        {"content": "BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n"},
        {"said": "DELEGATED"},
    ],
)
async def test_what_is_no_answer_of_the_one_who_sends_it_is_refused(
    session_agreements: AsyncSession, people: Partnership, changes: dict[str, Any]
) -> None:
    meeting = await a_meeting(session_agreements, people)

    with pytest.raises(Refusal) as refused:
        await take(session_agreements, a_reply(meeting, people.rosa, **changes))

    assert refused.value.code == "mail_not_understood"
    assert await answer_of(session_agreements, meeting, people.rosa) is Answer.NONE


@pytest.mark.parametrize("mail", [b"", b"\xff\xfe\x00", b"From: a\n\nHello", b"x" * 1_100_000])
async def test_any_bytes_are_refused_and_break_nothing(session_agreements: AsyncSession, mail: bytes) -> None:
    with pytest.raises(Refusal):
        await take(session_agreements, mail)


async def test_somebody_who_is_not_invited_cannot_answer(session_agreements: AsyncSession, people: Partnership) -> None:
    meeting = await a_meeting(session_agreements, people)

    with pytest.raises(Refusal):
        await take(session_agreements, a_reply(meeting, people.omar))
