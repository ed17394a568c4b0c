"""What messages about meetings do in calendars, and which are no longer true when their mail is due."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from services.notifications.rules.kinds import Kind
from shared.calendars import Method
from shared.events.agreements import MeetingChanged

ANSWERED_BY_LINK = frozenset(
    {Kind.WORK_MEETING_INVITED, Kind.WORK_MEETING_MOVED, Kind.WORK_MEETING_UPDATED, Kind.WORK_MEETING_REMINDER}
)
"""Messages whose link leads to the one meeting, without sign-in, to say whether one comes."""

IN_CALENDARS: dict[Kind, Method] = {
    Kind.WORK_MEETING_INVITED: Method.REQUEST,
    Kind.WORK_MEETING_MOVED: Method.REQUEST,
    Kind.WORK_MEETING_UPDATED: Method.REQUEST,
    # The series goes on: its newest state leaves the date out.
    Kind.WORK_MEETING_DATE_CANCELLED: Method.REQUEST,
    Kind.WORK_MEETING_CANCELLED: Method.CANCEL,
    Kind.WORK_MEETING_UNINVITED: Method.CANCEL,
}
"""What the recipient's calendar program does with the mail."""


def is_superseded(kind: Kind, params: Mapping[str, str], meeting: MeetingChanged, person_id: UUID) -> bool:
    """Whether a mail would say what is no longer so, because the meeting was moved or called off, or is not theirs.

    Who is still invited gets the newer message about it.
    """
    if kind not in ANSWERED_BY_LINK:
        return False
    return person_id not in meeting.person_ids or not _stands(params, meeting)


def _stands(params: Mapping[str, str], meeting: MeetingChanged) -> bool:
    """Whether the meeting takes place at the time that the message says."""
    at, id = datetime.fromisoformat(params["at"]), params.get("occurrence_id")
    return any(
        date.starts_at == at and date.status != "cancelled" and id in (None, str(date.occurrence_id))
        for date in meeting.dates
    )
