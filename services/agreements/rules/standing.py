"""Whether a partner's programs take new referrals, and when its people are reminded of what runs out."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.agreements.rules.vetting import PartnerStatus

REMINDED_BEFORE = (60, 30, 7)
"""Days before something runs out on which the partner is reminded."""
REMINDED_AT = time(9)
"""When on such a day, in the district's time zone."""


class Halt(StrEnum):
    """Why a partner's programs take no new referrals."""

    NOT_APPROVED = "not_approved"
    SUSPENDED = "suspended"
    INSURANCE_EXPIRED = "insurance_expired"
    CHECKS_EXPIRED = "checks_expired"


class Expiring(StrEnum):
    """What runs out."""

    INSURANCE = "insurance"
    CHECKS = "checks"
    CERTIFICATION = "certification"


HALTS = {Expiring.INSURANCE: Halt.INSURANCE_EXPIRED, Expiring.CHECKS: Halt.CHECKS_EXPIRED}
"""What stops referrals when it has run out. A late certification does not: it may be the district that is late."""

Ends = Mapping[Expiring, date]
"""The last day of each thing that has one."""


def halt_of(status: PartnerStatus, ends: Ends, today: date) -> Halt | None:
    """Why programs take no new referrals today; None where they do."""
    if status is PartnerStatus.SUSPENDED:
        return Halt.SUSPENDED
    if status not in (PartnerStatus.APPROVED, PartnerStatus.CONDITIONAL):
        return Halt.NOT_APPROVED
    return next((halt for what, halt in HALTS.items() if what in ends and ends[what] < today), None)


class Due(NamedTuple):
    """A moment at which something is to be said or done; `days` 0: it has run out."""

    at: datetime
    what: Expiring
    on: date
    days: int


def dues(ends: Ends, zone: ZoneInfo) -> Iterator[Due]:
    """Every moment at which somebody has to look at what runs out, in no order."""
    for what, on in ends.items():
        for days in REMINDED_BEFORE:
            yield Due(datetime.combine(on - timedelta(days=days), REMINDED_AT, zone), what, on, days)
        yield Due(datetime.combine(on + timedelta(days=1), time(), zone), what, on, 0)


def due_between(ends: Ends, after: datetime, until: datetime, zone: ZoneInfo) -> list[Due]:
    """What came due after one moment and up to another: of each thing only the latest, so that nobody hears it twice.

    A worker that slept over several reminders sends the last one.
    """
    found = sorted(due for due in dues(ends, zone) if after < due.at <= until)
    return list({due.what: due for due in found}.values())


def renewal_due(ends: Ends, newest: Ends, today: date) -> date | None:
    """The first last day of a paper that runs out soon, or has, while no newer one is there; None: nothing to renew.

    `newest` are the last days on what the partner attached, whether the district has accepted it or not.
    """
    soon = today + timedelta(days=REMINDED_BEFORE[0])
    late = [ends[what] for what in HALTS if what in ends and ends[what] <= soon and not renewed(ends, newest, what)]
    return min(late, default=None)


def renewed(ends: Ends, newest: Ends, what: Expiring) -> bool:
    """Whether there is something that holds longer than what runs out."""
    return what in newest and newest[what] > ends[what]


def next_due(ends: Ends, after: datetime, zone: ZoneInfo) -> datetime | None:
    """When to look again; None where nothing runs out."""
    return min((due.at for due in dues(ends, zone) if due.at > after), default=None)
