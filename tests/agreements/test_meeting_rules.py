"""The rules of meetings: every move of a date and of a task, which rules of recurrence are taken, who keeps what."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.agreements.rules import (
    MEETING_MOVES,
    TASK_MOVES,
    MeetingEntry,
    OccurrenceStatus,
    Phase,
    Repeat,
    Settled,
    TaskStatus,
    TaskVerb,
    Verb,
    dates_of,
    for_calendars,
    keeps_meeting,
    meeting_moved,
    next_task_reminder,
    phase,
    rule_for,
    settle,
    task_moved,
    valid_meeting,
    valid_task,
)
from shared.clock import new_id
from shared.events.vocabulary import RoleName
from shared.refusals import Kind, Refusal
from shared.zones import is_zone, moment
from tests.support.builders import an_actor

BOSTON = ZoneInfo("America/New_York")
PLANNED, HELD, CANCELLED = OccurrenceStatus
ALLOWED = {
    "planned ahead": {Verb.ANSWER: PLANNED, Verb.MOVE: PLANNED, Verb.CANCEL: CANCELLED},
    "planned begun": {Verb.MOVE: PLANNED, Verb.CANCEL: CANCELLED, Verb.RECORD: HELD},
    "held begun": {Verb.RECORD: HELD},
}


@pytest.mark.parametrize(("status", "when", "verb"), list(product(OccurrenceStatus, Phase, Verb)))
def test_every_move_of_a_date_is_allowed_or_refused_in_words(status: OccurrenceStatus, when: Phase, verb: Verb) -> None:
    wanted = ALLOWED.get(f"{status} {when}", {}).get(verb)

    if wanted is not None:
        assert meeting_moved(status, when, verb) is wanted
        return
    with pytest.raises(Refusal) as refused:
        meeting_moved(status, when, verb)
    assert (refused.value.kind, refused.value.code) == (Kind.CONFLICT, "meeting_move_not_possible")
    assert len(MEETING_MOVES) == 7


TASKS_ALLOWED = {
    TaskStatus.OPEN: {
        TaskVerb.CHANGE: TaskStatus.OPEN,
        TaskVerb.FINISH: TaskStatus.DONE,
        TaskVerb.DROP: TaskStatus.DROPPED,
    },
    TaskStatus.DONE: {TaskVerb.REOPEN: TaskStatus.OPEN},
    TaskStatus.DROPPED: {TaskVerb.REOPEN: TaskStatus.OPEN},
}


@pytest.mark.parametrize(("status", "verb"), list(product(TaskStatus, TaskVerb)))
def test_every_move_of_a_task_is_allowed_or_refused(status: TaskStatus, verb: TaskVerb) -> None:
    wanted = TASKS_ALLOWED[status].get(verb)

    if wanted is not None:
        assert task_moved(status, verb) is wanted
        return
    with pytest.raises(Refusal):
        task_moved(status, verb)
    assert len(TASK_MOVES) == 5


@pytest.mark.parametrize(
    ("status", "expected", "begun", "later", "settled"),
    [
        (PLANNED, True, False, False, Settled.SENT),
        (PLANNED, True, False, True, Settled.FOLDED),
        (PLANNED, True, True, False, Settled.DROPPED),
        (PLANNED, True, True, True, Settled.DROPPED),
        (PLANNED, False, False, False, Settled.NOT_NEEDED),
        (CANCELLED, True, False, False, Settled.NOT_NEEDED),
        (HELD, True, True, False, Settled.NOT_NEEDED),
    ],
)
def test_what_becomes_of_a_reminder(
    status: OccurrenceStatus, expected: bool, begun: bool, later: bool, settled: Settled
) -> None:
    assert settle(status, expected=expected, has_begun=begun, later_is_due=later) is settled


def test_a_date_has_begun_from_its_first_second() -> None:
    at = datetime(2026, 10, 6, 19, 30, tzinfo=UTC)

    assert phase(at, at - timedelta(seconds=1)) is Phase.AHEAD
    assert phase(at, at) is Phase.BEGUN


# Rules of recurrence

FIRST = datetime(2026, 10, 13, 15, 30)  # noqa: DTZ001


def days(rule: str | None, first: datetime = FIRST) -> list[str]:
    return [f"{one:%m-%d}" for one in dates_of(first, rule, BOSTON)]


@pytest.mark.parametrize(
    ("repeat", "found"),
    [
        (Repeat.ONCE, ["10-13"]),
        (Repeat.WEEKLY, ["10-13", "10-20", "10-27", "11-03", "11-10", "11-17", "11-24"]),
        (Repeat.FORTNIGHTLY, ["10-13", "10-27", "11-10", "11-24"]),
        (Repeat.MONTHLY_BY_WEEKDAY, ["10-13", "11-10"]),
        (Repeat.MONTHLY_BY_DATE, ["10-13", "11-13"]),
    ],
)
def test_a_choice_of_the_form_becomes_a_rule(repeat: Repeat, found: list[str]) -> None:
    assert days(rule_for(repeat, FIRST.date(), date(2026, 11, 24))) == found


def test_a_fifth_weekday_of_a_month_means_the_last_one() -> None:
    rule = rule_for(Repeat.MONTHLY_BY_WEEKDAY, date(2026, 9, 29), date(2026, 12, 31))

    assert days(rule, datetime(2026, 9, 29, 9)) == ["09-29", "10-27", "11-24", "12-29"]  # noqa: DTZ001


def test_a_rule_without_an_end_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        days("FREQ=WEEKLY;BYDAY=TU")

    assert "Say until when" in refused.value.message


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;COUNT=101",
        "FREQ=DAILY;UNTIL=20270401",
        "FREQ=WEEKLY;BYDAY=TU;UNTIL=20991231",
        "FREQ=SECONDLY;COUNT=5",
        "FREQ=HOURLY;COUNT=5",
        "FREQ=DAILY;BYHOUR=1,2,3;COUNT=5",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3",
        "FREQ=WEEKLY;INTERVAL=0;COUNT=3",
        "FREQ=WEEKLY;INTERVAL=99999999;COUNT=3",
        "FREQ=WEEKLY;COUNT=0",
        "FREQ=WEEKLY;COUNT=-3",
        "FREQ=WEEKLY;COUNT=٣",
        "FREQ=WEEKLY;BYDAY=XX;COUNT=3",
        "FREQ=WEEKLY;BYDAY=WE;COUNT=3",
        "FREQ=MONTHLY;BYMONTHDAY=99;COUNT=3",
        "FREQ=MONTHLY;BYSETPOS=0;BYDAY=TU;COUNT=3",
        "FREQ=WEEKLY;COUNT=3;COUNT=4",
        "FREQ=WEEKLY;UNTIL=tomorrow",
        "FREQ=WEEKLY;UNTIL=20261399",
        "RDATE=20270101",
        "FREQ=WEEKLY;" + "BYDAY=TU," * 100 + "TU;COUNT=3",
        "",
        ";;;",
    ],
)
def test_endless_huge_and_senseless_rules_are_refused_in_words(rule: str) -> None:
    with pytest.raises(Refusal) as refused:
        dates_of(FIRST, rule, BOSTON)

    assert refused.value.fields.keys() == {"rule"}


def test_a_hundred_meetings_are_not_too_many() -> None:
    assert len(days("FREQ=DAILY;COUNT=100")) == 100


def test_a_rule_may_end_at_a_moment_in_utc_and_is_told_to_calendars_so() -> None:
    rule = "FREQ=WEEKLY;BYDAY=TU;UNTIL=20261103T203000Z"

    assert days(rule)[-1] == "11-03"
    assert for_calendars("FREQ=WEEKLY;BYDAY=TU;UNTIL=20261103T153000", BOSTON) == rule


# Clocks


def test_an_hour_that_the_clock_skips_counts_from_before_the_change() -> None:
    assert moment(datetime(2027, 3, 14, 2, 30), BOSTON) == datetime(2027, 3, 14, 7, 30, tzinfo=UTC)  # noqa: DTZ001


def test_of_an_hour_that_the_clock_shows_twice_the_first_counts() -> None:
    assert moment(datetime(2026, 11, 1, 1, 30), BOSTON) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # noqa: DTZ001


@pytest.mark.parametrize("name", ["", "Moon/Sea", "../etc/passwd", "/etc/localtime", "America/New_York\0"])
def test_what_is_no_time_zone_is_none(name: str) -> None:
    assert not is_zone(name)


# Entries and people

SCHOOL, PARTNER = new_id(), new_id()


def test_who_keeps_a_meeting() -> None:
    organizer = an_actor(RoleName.SCHOOL_STAFF, new_id())
    assert organizer.person_id
    keepers = {
        "who called it": organizer,
        "the school": an_actor(RoleName.SCHOOL_STAFF, SCHOOL),
        "the partner": an_actor(RoleName.PARTNER_STAFF, PARTNER),
        "the district": an_actor(RoleName.DISTRICT_OFFICE),
        "another school": an_actor(RoleName.SCHOOL_STAFF, new_id()),
        "another partner": an_actor(RoleName.PARTNER_STAFF, new_id()),
        "a family": an_actor(RoleName.GUARDIAN, new_id()),
    }

    keep = [who for who, actor in keepers.items() if keeps_meeting(actor, SCHOOL, PARTNER, organizer.person_id)]

    assert keep == ["who called it", "the school", "the partner", "the district"]


def wrong_in(**changes: Any) -> set[str]:
    """The fields that are wrong in an entry."""
    fields: dict[str, Any] = {"title": "Fall", "place": "Room 12", "date": "2026-10-13", "time": "15:30"}
    with pytest.raises(Refusal) as refused:
        valid_meeting(
            MeetingEntry(**(fields | changes)), zone=BOSTON.key, people=(), schools=(SCHOOL,), organizations=(PARTNER,),
            now=datetime(2026, 9, 1, tzinfo=UTC),
        )  # fmt: skip
    return set(refused.value.fields)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"agenda": "x" * 8001}, "agenda"),
        ({"place": ""}, "place"),
        ({"link": "javascript:alert(1)"}, "link"),
        ({"school_id": str(new_id())}, "school_id"),
        ({"organization_id": "x"}, "organization_id"),
        ({"zone": "Moon/Sea"}, "zone"),
        ({"minutes": "0"}, "minutes"),
        ({"minutes": "999999"}, "minutes"),
        ({"person_ids": [str(new_id())]}, "person_ids"),
        ({"date": "13.10.2026"}, "date"),
        ({"date": "2026-08-31"}, "date"),
        ({"date": "2036-08-31"}, "date"),
        ({"time": "half past three"}, "time"),
        ({"repeat": "weekly"}, "until"),
        ({"repeat": "weekly", "until": "2026-10-01"}, "until"),
        ({"repeat": "other", "rule": "FREQ=DAILY"}, "rule"),
    ],
)
def test_an_entry_is_refused_by_the_name_of_its_field(changes: dict[str, Any], field: str) -> None:
    assert wrong_in(**changes) == {field}


@pytest.mark.parametrize(("what", "on", "field"), [("", "2026-10-20", "what"), ("Chairs", "soon", "on")])
def test_a_task_needs_words_and_a_date(what: str, on: str, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        valid_task(what, on)

    assert set(refused.value.fields) == {field}


def test_a_task_is_reminded_of_on_the_morning_before_and_on_the_morning_after() -> None:
    on, mornings = date(2026, 11, 1), []
    now: datetime | None = datetime(2026, 10, 1, tzinfo=UTC)

    while now and (now := next_task_reminder(on, BOSTON, now)):
        mornings.append(f"{now.astimezone(BOSTON):%m-%d %H:%M}")

    assert mornings == ["10-31 08:00", "11-02 08:00"]
