"""The calendar part of mails about meetings (iTIP, RFC 5546)."""

from datetime import datetime, timedelta

from services.notifications.commands import Claim
from services.notifications.rules import IN_CALENDARS
from services.notifications.settings import Settings
from shared.calendars import Entry, When, Who, invitation, uid_of
from shared.events.agreements import MeetingChanged
from shared.mail import CalendarPart


def invitation_of(claimed: Claim, meeting: MeetingChanged, settings: Settings, now: datetime) -> CalendarPart | None:
    """What the recipient's calendar is told; None where the message is nothing to a calendar.

    The calendar's person is the recipient alone: nobody gets the others' addresses. Answers come back to the address
    that `CROSSWALK_MEETINGS_ADDRESS` names.
    """
    method = IN_CALENDARS.get(claimed.message.kind)
    recipient = claimed.recipient
    if method is None or not recipient.email:
        return None
    organizer = Who(settings.answers_to, settings.district_name)
    attendee = Who(recipient.email, f"{recipient.given_name} {recipient.family_name}".strip())
    content = invitation(_entry(meeting, settings, now), method, organizer=organizer, attendee=attendee)
    return CalendarPart(method.value, content.decode())


def _entry(meeting: MeetingChanged, settings: Settings, now: datetime) -> Entry:
    return Entry(
        uid=uid_of(meeting.meeting_id, settings.public_url),
        sequence=meeting.sequence,
        title=meeting.title,
        place=meeting.place,
        link=meeting.link,
        page=f"{settings.public_url.rstrip('/')}/agreements/meetings/{meeting.meeting_id}",
        zone=meeting.zone,
        first=meeting.starts_at,
        length=timedelta(minutes=meeting.length_minutes),
        rule=meeting.rule,
        dates=tuple(
            When(date.starts_at, date.ends_at, date.rule_at, date.status == "cancelled") for date in meeting.dates
        ),
        changed_at=now,
    )
