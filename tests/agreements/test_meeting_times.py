"""Properties of times: reminders and series over every zone and every change of the clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from services.agreements.rules import dates_of, for_calendars, remind_at, reminders_of
from services.agreements.rules.recurrence import ended
from shared.calendars import Entry, Method, When, Who, invitation
from shared.events.vocabulary import REMIND_BEFORE
from shared.zones import moment
from tests.agreements.calendar_reader import starts_in

ZONES = st.sampled_from(sorted(available_timezones() - {"localtime", "posixrules", "Factory"})).map(ZoneInfo)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
BEFORE = st.sampled_from(sorted(REMIND_BEFORE))
DAY = 1440


@settings(max_examples=300, deadline=None)
@given(MOMENTS, BEFORE, ZONES)
def test_a_reminder_comes_before_its_meeting_by_about_as_long_as_was_chosen(
    starts_at: datetime, before: int, zone: ZoneInfo
) -> None:
    due = remind_at(starts_at, before, zone)

    assert due < starts_at
    # No change of the clocks is longer than a day (Samoa once left out a whole one).
    assert abs(starts_at - due - timedelta(minutes=before)) <= timedelta(hours=26)


@settings(max_examples=300, deadline=None)
@given(MOMENTS, BEFORE.filter(lambda before: before % DAY == 0), ZONES)
def test_days_before_show_the_same_hour_on_the_wall_unless_the_clock_skips_it(
    starts_at: datetime, before: int, zone: ZoneInfo
) -> None:
    due = remind_at(starts_at, before, zone)

    nominal = starts_at.astimezone(zone).replace(tzinfo=None) - timedelta(minutes=before)
    shown = due.astimezone(zone).replace(tzinfo=None)
    skipped = nominal.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) != nominal
    assert shown == nominal or skipped


@settings(max_examples=200, deadline=None)
@given(MOMENTS, BEFORE.filter(lambda before: before < DAY), ZONES)
def test_hours_before_are_hours_that_pass(starts_at: datetime, before: int, zone: ZoneInfo) -> None:
    assert starts_at - remind_at(starts_at, before, zone) == timedelta(minutes=before)


@settings(max_examples=200, deadline=None)
@given(MOMENTS, st.sets(BEFORE), ZONES, st.integers(-20_000, 20_000))
def test_only_what_is_still_to_come_is_planned_each_time_once_and_the_longest_before_first(
    starts_at: datetime, before: set[int], zone: ZoneInfo, minutes: int
) -> None:
    now = starts_at - timedelta(minutes=minutes)

    planned = list(reminders_of(starts_at, [*before, *before], zone, now))

    assert all(now < due < starts_at for _, due in planned)
    assert [minutes for minutes, _ in planned] == sorted({minutes for minutes, _ in planned}, reverse=True)
    assert [due for _, due in planned] == sorted(due for _, due in planned)
    assert {m for m, _ in planned} == {m for m in before if remind_at(starts_at, m, zone) > now}


@settings(max_examples=60, deadline=None)
@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(second=0, microsecond=0)),  # noqa: DTZ001
    st.sampled_from(["America/New_York", "Europe/London", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata"]),
    st.sampled_from(["DAILY", "WEEKLY"]),
    st.integers(1, 30),
)
def test_a_calendar_reads_the_same_dates_out_of_an_invitation_as_we_keep(
    first: datetime, zone_name: str, frequency: str, count: int
) -> None:
    zone = ZoneInfo(zone_name)
    rule = f"FREQ={frequency};COUNT={count}"
    dates = dates_of(first, rule, zone)
    ours = [moment(one, zone) for one in dates]
    length = timedelta(minutes=45)
    entry = Entry(
        uid="x@y", sequence=0, title="Fall", place="", link="", page="https://x/y", zone=zone_name, first=ours[0],
        length=length, rule=for_calendars(ended(rule, dates[-1]), zone),
        dates=tuple(When(at, at + length, at) for at in ours), changed_at=ours[0],
    )  # fmt: skip

    read = starts_in(invitation(entry, Method.REQUEST, organizer=Who("m@x.org", "X"), attendee=Who("a@x.org", "A")))

    # In an hour that the clock skips, libraries shift by the change; then the length of the change is allowed for.
    assert len(read) == len(ours)
    assert all(abs(one - other) <= timedelta(hours=1) for one, other in zip(read, ours, strict=True))
    assert sum(one != other for one, other in zip(read, ours, strict=True)) <= 2
