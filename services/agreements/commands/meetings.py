"""Meetings: schedule, change, move one date, cancel."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.meeting_parts import (
    Held,
    about,
    ask_for_answers,
    ask_no_more,
    kept_meeting,
    minutes_settled,
    new_dates,
    noted,
    refuse_stale,
    state_of_meeting,
    touch,
)
from services.agreements.commands.meeting_reminders import plan_reminders, unplan_reminders
from services.agreements.models import Invitee, Meeting, Occurrence, Person, Presence, School
from services.agreements.queries.partners import may_know
from services.agreements.queries.people import at_work
from services.agreements.rules import (
    Answer,
    MeetingEntry,
    MeetingValues,
    OccurrenceStatus,
    Verb,
    meeting_moved,
    not_found,
    phase,
    valid_meeting,
    valid_new_time,
)
from services.agreements.words import id_in, line
from shared.events.agreements import (
    MeetingCancelled,
    MeetingInvited,
    MeetingMoved,
    MeetingUninvited,
    MeetingUpdated,
)
from shared.events.base import Fact
from shared.identity.actor import Actor
from shared.messaging import emit
from shared.refusals import Kind, Refusal


async def schedule_meeting(
    session: AsyncSession, *, meeting_id: UUID, entry: MeetingEntry, zone: ZoneInfo, actor: Actor, now: datetime
) -> Meeting:
    """Schedule a meeting and invite its people; the same id again gives the one that is there.

    `zone` is the district's.
    """
    assert actor.person_id is not None
    known = await session.get(Meeting, meeting_id)
    if known is not None:
        if known.organizer_id != actor.person_id:
            raise not_found("meeting")
        return known
    values = await _checked(session, entry, zone, actor, now)
    meeting = _new(meeting_id, entry, values, actor=actor, now=now)
    session.add(meeting)
    await session.flush()
    ids = [actor.person_id, *(id for id in values.person_ids if id != actor.person_id)]
    held = Held(meeting, new_dates(meeting, values.dates), [_invitee(meeting, id, actor, now) for id in ids])
    session.add_all([*held.dates, *held.invitees, noted(meeting, "scheduled", actor=actor, now=now)])
    await session.flush()
    await plan_reminders(session, held, held.ahead(now), ids, zone=zone, now=now)
    await ask_for_answers(session, held, ids, actor=actor, now=now)
    invited = MeetingInvited(**about(held), person_ids=held.person_ids, at=values.dates[0])
    await emit(session, state_of_meeting(held), invited, actor=actor, now=now)
    return meeting


async def _checked(
    session: AsyncSession, entry: MeetingEntry, zone: ZoneInfo, actor: Actor, now: datetime, of: UUID | None = None
) -> MeetingValues:
    """`of`: the partner that the meeting is with so far."""
    named = [id for text in entry.person_ids if (id := id_in(text))]
    people = select(Person.id).where(at_work(), col(Person.id).in_(named)).order_by(col(Person.id))
    partner = id_in(entry.organization_id)
    partners = [partner] if partner and (partner == of or await may_know(session, partner, actor)) else []
    values = valid_meeting(
        entry,
        zone=zone.key,
        people=list(await session.exec(people)),
        schools=list(await session.exec(select(School.id).where(School.active))),
        organizations=partners,
        now=now,
    )
    assert actor.person_id is not None
    if not _is_own(actor, values):
        said = "Choose your own school or organization as one of the two."
        raise Refusal(Kind.INVALID, "meeting_invalid", said, fields={"school_id": said})
    return values


def _is_own(actor: Actor, values: MeetingValues) -> bool:
    """A meeting of two others is called by one of them, or by the district office."""
    neither = values.school_id is None and values.organization_id is None
    return (
        neither
        or actor.is_district
        or values.school_id in actor.school_ids
        or values.organization_id in actor.organization_ids
    )


def _new(meeting_id: UUID, entry: MeetingEntry, values: MeetingValues, *, actor: Actor, now: datetime) -> Meeting:
    assert actor.person_id is not None
    meeting = Meeting(
        id=meeting_id,
        organizer_id=actor.person_id,
        scheduled_at=now,
        changed_at=now,
        changed_by=str(actor),
        changed_by_id=actor.person_id,
        **_words(values),
    )
    _put_times(meeting, entry, values)
    return meeting


def _words(values: MeetingValues) -> dict[str, Any]:
    names = ("title", "agenda", "place", "link", "school_id", "organization_id", "zone", "length")
    return {name: getattr(values, name) for name in names} | {"first": values.first.isoformat(timespec="minutes")}


def _put_times(meeting: Meeting, entry: MeetingEntry, values: MeetingValues) -> None:
    meeting.zone, meeting.length, meeting.rule = values.zone, values.length, values.rule
    meeting.first = values.first.isoformat(timespec="minutes")
    meeting.repeat, meeting.until = entry.repeat.value, line(entry.until) if values.rule else ""


def _invitee(meeting: Meeting, person_id: UUID, actor: Actor, now: datetime) -> Invitee:
    own = person_id == actor.person_id
    answer = Answer.YES if own else Answer.NONE
    return Invitee(
        meeting_id=meeting.id, person_id=person_id, answer=answer, answered_at=now if own else None,
        sequence=meeting.sequence,
    )  # fmt: skip


async def change_meeting(
    session: AsyncSession,
    meeting_id: UUID,
    *,
    version: int,
    entry: MeetingEntry,
    zone: ZoneInfo,
    actor: Actor,
    now: datetime,
) -> Meeting:
    """Change a meeting: of a series all dates that are still to come. Other times ask everybody anew.

    What is said already changes nothing, whatever the version.
    """
    held = await kept_meeting(session, meeting_id, actor)
    if not held.ahead(now):
        raise Refusal(Kind.CONFLICT, "meeting_over", "This meeting is over. Schedule another one.")
    values = await _checked(session, entry, zone, actor, now, held.meeting.organization_id)
    ids = (held.meeting.organizer_id, *values.person_ids)
    changes = _Changes(held, values, set(ids), now)
    if not changes.any:
        return held.meeting
    await refuse_stale(session, held.meeting, version, now)
    touch(held.meeting, actor=actor, now=now, calendars=changes.for_calendars)
    for name, value in _words(values).items():
        if name != "first":
            setattr(held.meeting, name, value)
    if changes.times:
        await _replace_dates(session, held, entry, values, actor=actor, now=now)
    gone = await uninvite(session, held, changes.gone, actor=actor, now=now)
    await invite(session, held, changes.new, actor=actor, now=now)
    who = held.person_ids if changes.times else tuple(sorted(changes.new))
    await plan_reminders(session, held, held.ahead(now), who, zone=zone, now=now)
    await ask_for_answers(session, held, who, actor=actor, now=now)
    session.add(noted(held.meeting, "moved" if changes.times else "changed", actor=actor, now=now))
    facts = changes.facts(held, gone)
    await emit(session, state_of_meeting(held), *facts, actor=actor, now=now)
    return held.meeting


class _Changes:
    """In what a meeting differs from what was entered."""

    def __init__(self, held: Held, values: MeetingValues, ids: set[UUID], now: datetime) -> None:
        meeting, known = held.meeting, set(held.person_ids)
        self.before, self.now = held.person_ids, now
        self.new, self.gone = sorted(ids - known), sorted(known - ids)
        self.kept = sorted(ids & known)
        self.ahead = held.ahead(now)
        self.times = self._times(held, values)
        said = ("title", "place", "link")
        self.words = any(getattr(meeting, name) != getattr(values, name) for name in said)
        others = ("agenda", "school_id", "organization_id")
        self.quiet = any(getattr(meeting, name) != getattr(values, name) for name in others)
        self.next = self.ahead[0].starts_at

    def _times(self, held: Held, values: MeetingValues) -> bool:
        meeting = held.meeting
        ruled = [one.rule_at for one in held.dates if one.round == meeting.round and one.rule_at >= values.dates[0]]
        as_they_stand = [one.starts_at for one in self.ahead]
        # A form says no rule that has nothing left to give, but the next date alone (`filled`).
        used_up = all(one.rule_at <= self.now for one in self.ahead)
        same = list(values.dates) in (sorted(ruled), as_they_stand, as_they_stand[:1] if used_up else as_they_stand)
        return not same or (meeting.zone, meeting.length) != (values.zone, values.length)

    @property
    def any(self) -> bool:
        """Whether there is any."""
        return self.for_calendars or self.quiet

    @property
    def for_calendars(self) -> bool:
        """Whether calendars must hear of it."""
        return bool(self.times or self.words or self.new or self.gone)

    def facts(self, held: Held, gone: Sequence[UUID]) -> list[Fact]:
        """What is told of it, and to whom."""
        ahead = held.ahead(self.now)
        at, facts = ahead[0].starts_at if ahead else self.next, list[Fact]()
        if self.times:
            facts.append(MeetingMoved(**about(held), person_ids=tuple(self.kept), at=at))
        elif self.words:
            facts.append(MeetingUpdated(**about(held), person_ids=tuple(self.kept), at=at))
        if self.new:
            facts.append(MeetingInvited(**about(held), person_ids=tuple(self.new), at=at))
        if gone:
            facts.append(MeetingUninvited(**about(held), person_ids=tuple(gone), at=at))
        return facts


async def _replace_dates(
    session: AsyncSession, held: Held, entry: MeetingEntry, values: MeetingValues, *, actor: Actor, now: datetime
) -> None:
    """Other dates in the place of those to come; who had answered is asked again."""
    ahead = held.ahead(now)
    await session.execute(delete(Occurrence).where(col(Occurrence.id).in_([one.id for one in ahead])))
    held.dates = [one for one in held.dates if one not in ahead]
    held.meeting.round += 1
    _put_times(held.meeting, entry, values)
    fresh = new_dates(held.meeting, values.dates)
    session.add_all(fresh)
    held.dates += fresh
    for invitee in held.invitees:
        invitee.answer = Answer.YES if invitee.person_id == actor.person_id else Answer.NONE
        invitee.sequence = held.meeting.sequence
    await session.flush()


async def uninvite(
    session: AsyncSession, held: Held, ids: Sequence[UUID], *, actor: Actor, now: datetime
) -> Sequence[UUID]:
    """Let these people stay away from what is to come; who they were."""
    for invitee in [one for one in held.invitees if one.person_id in ids]:
        held.invitees.remove(invitee)
        await session.delete(invitee)
    await unplan_reminders(session, [one.id for one in held.ahead(now)], ids)
    await ask_no_more(session, held, ids, actor=actor, now=now)
    return ids


async def invite(session: AsyncSession, held: Held, ids: Sequence[UUID], *, actor: Actor, now: datetime) -> None:
    """Put these people on the list; whoever does so comes."""
    invitees = [_invitee(held.meeting, id, actor, now) for id in ids]
    session.add_all(invitees)
    held.invitees += invitees
    await session.flush()


async def move_date(
    session: AsyncSession,
    meeting_id: UUID,
    occurrence_id: UUID,
    *,
    version: int,
    day: str,
    hour: str,
    zone: ZoneInfo,
    actor: Actor,
    now: datetime,
) -> Meeting:
    """Have one date take place at another time, by the clock on the wall of the meeting's zone; all are asked anew."""
    held = await kept_meeting(session, meeting_id, actor)
    date, meeting = held.date(occurrence_id), held.meeting
    meeting_moved(date.status, phase(date.starts_at, now), Verb.MOVE)
    local, starts_at = valid_new_time(day, hour, ZoneInfo(meeting.zone), now)
    if starts_at == date.starts_at:
        return meeting
    await refuse_stale(session, meeting, version, now)
    touch(meeting, actor=actor, now=now)
    await unplan_reminders(session, [date.id], held.person_ids)
    date.starts_at, date.ends_at = starts_at, starts_at + timedelta(minutes=meeting.length)
    date.asked_for_minutes = False
    if meeting.rule is None:
        date.rule_at, meeting.first = starts_at, local.isoformat(timespec="minutes")
    await minutes_settled(session, held, actor=actor, now=now)
    await _ask_anew(session, held, date, actor)
    await plan_reminders(session, held, [date], held.person_ids, zone=zone, now=now)
    await ask_for_answers(session, held, held.person_ids, actor=actor, now=now)
    session.add(noted(meeting, "moved", f"{local:%Y-%m-%d %H:%M}", actor=actor, now=now))
    of_series = occurrence_id if meeting.rule else None
    moved = MeetingMoved(**about(held), person_ids=held.person_ids, at=starts_at, occurrence_id=of_series)
    await emit(session, state_of_meeting(held), moved, actor=actor, now=now)
    return meeting


async def _ask_anew(session: AsyncSession, held: Held, date: Occurrence, actor: Actor) -> None:
    """Who comes was said of the old time."""
    await session.execute(delete(Presence).where(col(Presence.occurrence_id) == date.id))
    for invitee in held.invitees:
        answer = Answer.YES if invitee.person_id == actor.person_id else Answer.NONE
        if held.meeting.rule:
            session.add(Presence(occurrence_id=date.id, person_id=invitee.person_id, answer=answer))
        else:
            invitee.answer, invitee.sequence = answer, held.meeting.sequence
    await session.flush()


async def cancel_meeting(
    session: AsyncSession,
    meeting_id: UUID,
    *,
    version: int,
    reason: str = "",
    occurrence_id: UUID | None = None,
    actor: Actor,
    now: datetime,
) -> Meeting:
    """Call off a meeting: one of its dates, or (none named) all that are to come."""
    held = await kept_meeting(session, meeting_id, actor)
    meeting = held.meeting
    off = [held.date(occurrence_id)] if occurrence_id else held.ahead(now)
    if not off or all(one.status is OccurrenceStatus.CANCELLED for one in off):
        return meeting
    for one in off:
        one.status = meeting_moved(one.status, phase(one.starts_at, now), Verb.CANCEL)
        one.reason = _reason(reason)
    await refuse_stale(session, meeting, version, now)
    touch(meeting, actor=actor, now=now)
    await session.flush()
    await unplan_reminders(session, [one.id for one in off], held.person_ids)
    await minutes_settled(session, held, actor=actor, now=now)
    if not held.ahead(now):
        await ask_no_more(session, held, held.person_ids, actor=actor, now=now)
    session.add(noted(meeting, "cancelled", _reason(reason), actor=actor, now=now))
    of_series = occurrence_id if meeting.rule and held.ahead(now) else None
    cancelled = MeetingCancelled(
        **about(held), person_ids=held.person_ids, at=off[0].starts_at, occurrence_id=of_series
    )
    await emit(session, state_of_meeting(held), cancelled, actor=actor, now=now)
    return meeting


def _reason(text: str) -> str:
    reason = line(text)
    if len(reason) > 300:
        raise Refusal(Kind.INVALID, "reason_too_long", "Shorten the reason to at most 300 characters.")
    return reason
