"""When an answer is due: over weekends, holidays and both changes of the clocks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.referrals.rules import BusinessCalendar, answer_by
from shared.events.vocabulary import Urgency

BOSTON = ZoneInfo("America/New_York")
THANKSGIVING = date(2026, 11, 26)
CALENDAR = BusinessCalendar(BOSTON, frozenset({THANKSGIVING}))


def local(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=BOSTON)


@pytest.mark.parametrize(
    ("sent", "urgency", "due"),
    [
        ("2026-11-16 10:00", Urgency.ROUTINE, "2026-11-18 17:00"),
        ("2026-11-16 10:00", Urgency.URGENT, "2026-11-17 17:00"),
        ("2026-11-16 16:59", Urgency.URGENT, "2026-11-17 17:00"),
        ("2026-11-16 17:00", Urgency.URGENT, "2026-11-18 17:00"),
        ("2026-11-19 09:00", Urgency.ROUTINE, "2026-11-23 17:00"),
        ("2026-11-20 18:00", Urgency.ROUTINE, "2026-11-25 17:00"),
        ("2026-11-21 12:00", Urgency.URGENT, "2026-11-24 17:00"),
        ("2026-11-22 23:59", Urgency.ROUTINE, "2026-11-25 17:00"),
        ("2026-11-24 09:00", Urgency.ROUTINE, "2026-11-27 17:00"),
        ("2026-11-26 09:00", Urgency.URGENT, "2026-11-30 17:00"),
    ],
)
def test_an_answer_is_due_at_the_end_of_the_business_day(sent: str, urgency: Urgency, due: str) -> None:
    assert answer_by(local(sent), urgency, CALENDAR) == local(due)


def test_five_o_clock_stays_five_o_clock_when_the_clocks_go_back() -> None:
    due = answer_by(local("2026-10-30 10:00"), Urgency.URGENT, CALENDAR)

    assert due == datetime(2026, 11, 2, 22, tzinfo=UTC)


def test_five_o_clock_stays_five_o_clock_when_the_clocks_go_forward() -> None:
    due = answer_by(local("2026-03-06 10:00"), Urgency.URGENT, CALENDAR)

    assert due == datetime(2026, 3, 9, 21, tzinfo=UTC)


def test_a_referral_sent_late_in_utc_counts_for_the_district_s_own_day() -> None:
    thursday_evening_in_boston = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)

    due = answer_by(thursday_evening_in_boston, Urgency.URGENT, CALENDAR)

    assert due == local("2026-11-23 17:00")


def test_deadlines_fall_on_business_days_and_in_the_order_of_sending() -> None:
    start = local("2026-10-25 00:30")
    moments = [start + timedelta(hours=3 * step) for step in range(8 * 45)]

    deadlines = [answer_by(moment.astimezone(UTC), Urgency.ROUTINE, CALENDAR) for moment in moments]

    assert all(CALENDAR.is_open_on(due.astimezone(BOSTON).date()) for due in deadlines)
    assert all(due.astimezone(BOSTON).hour == 17 for due in deadlines)
    assert deadlines == sorted(deadlines)
