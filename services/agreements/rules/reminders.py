"""When somebody is reminded of a meeting or a task, and what becomes of a reminder that comes late."""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.agreements.rules.meetings import OccurrenceStatus
from shared.zones import moment

DAY = 24 * 60
TASK_HOUR = time(8)
"""When people hear of their tasks, by the clock on their wall."""


def remind_at(starts_at: datetime, minutes_before: int, zone: ZoneInfo) -> datetime:
    """When a reminder is due (UTC). Whole days go by the clock on the person's wall, hours and minutes as they pass.

    So "a day before" a meeting at nine is at nine, also where the day between has 23 or 25 hours.
    """
    days, minutes = divmod(minutes_before, DAY)
    if minutes:
        return starts_at.astimezone(UTC) - timedelta(minutes=minutes_before)
    local = starts_at.astimezone(zone).replace(tzinfo=None)
    return moment(local - timedelta(days=days), zone)


def reminders_of(
    starts_at: datetime, before: Collection[int], zone: ZoneInfo, now: datetime
) -> Iterator[tuple[int, datetime]]:
    """The reminders of a meeting that are still to come: which of the chosen times, and when."""
    for minutes in sorted(set(before), reverse=True):
        due = remind_at(starts_at, minutes, zone)
        if due > now:
            yield minutes, due


class Settled(StrEnum):
    """What became of a reminder."""

    SENT = "sent"
    FOLDED = "folded"
    """A later one about the same meeting was due as well, and says as much."""
    DROPPED = "dropped"
    """The meeting had begun."""
    NOT_NEEDED = "not_needed"
    """The meeting is off, or the person is not expected there."""


def settle(status: OccurrenceStatus, *, expected: bool, has_begun: bool, later_is_due: bool) -> Settled:
    """What becomes of a reminder that is due. `expected`: the person is invited, there, and has not said no."""
    if status is not OccurrenceStatus.PLANNED or not expected:
        return Settled.NOT_NEEDED
    if has_begun:
        return Settled.DROPPED
    return Settled.FOLDED if later_is_due else Settled.SENT


def next_task_reminder(on: date, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When the owner of a task hears of it next: on the morning before it is due, and on the one after it was."""
    mornings = (moment(datetime.combine(on + timedelta(days=days), TASK_HOUR), zone) for days in (-1, 1))
    return next((morning for morning in mornings if morning > now), None)
