"""Who is told what, who counts as unreachable, and when mail is tried again: no I/O, no clock."""

from services.notifications.rules.kinds import Audience, Kind
from services.notifications.rules.meetings import ANSWERED_BY_LINK, IN_CALENDARS, is_superseded
from services.notifications.rules.partnerships import TOLD, Told, Who, concerned, plan_work
from services.notifications.rules.planned import Email, Planned, Reach, parameters
from services.notifications.rules.referrals import (
    IF_UNREACHABLE,
    WHO_IS_TOLD_WHAT,
    People,
    Row,
    alarm,
    may_concern,
    plan,
)
from services.notifications.rules.retries import JITTER, LEASE, RETRY_AFTER, next_try

__all__ = [
    "ANSWERED_BY_LINK",
    "IF_UNREACHABLE",
    "IN_CALENDARS",
    "JITTER",
    "LEASE",
    "RETRY_AFTER",
    "TOLD",
    "WHO_IS_TOLD_WHAT",
    "Audience",
    "Email",
    "Kind",
    "People",
    "Planned",
    "Reach",
    "Row",
    "Told",
    "Who",
    "alarm",
    "concerned",
    "is_superseded",
    "may_concern",
    "next_try",
    "parameters",
    "plan",
    "plan_work",
]
