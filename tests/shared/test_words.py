"""Times are said as people say them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.events.vocabulary import LANGUAGES
from shared.web.words import NO_BREAK, by_deadline, exact, on_date, relative

BOSTON = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 21, 20, 4, tzinfo=UTC)
"""A Saturday, 3:04 pm in Boston."""


def boston(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BOSTON)


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(seconds=-20), "just now"),
        (timedelta(seconds=20), "in a moment"),
        (timedelta(minutes=-1), "1 minute ago"),
        (timedelta(hours=-23), "23 hours ago"),
        (timedelta(days=-1), "1 day ago"),
        (timedelta(days=3), "in 3 days"),
    ],
)
def test_a_moment_is_said_by_its_distance(distance: timedelta, words: str) -> None:
    assert relative(NOW + distance, NOW) == words


def test_the_exact_time_is_the_districts_not_the_servers() -> None:
    assert exact(NOW, BOSTON) == "November 21, 2026, 3:04 pm"


def test_a_day_is_said_in_full() -> None:
    assert on_date(date(2026, 11, 21)) == "November 21, 2026"


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (boston(21, 17), "by today 5 pm"),
        (boston(22, 12), "by tomorrow noon"),
        (boston(26, 15), "by Thursday 3 pm"),
        (boston(27, 15, 30), "by Friday 3:30 pm"),
        (boston(28, 15), "by Sat, Nov 28, 3 pm"),
        (boston(20, 9), "by yesterday 9 am"),
        (boston(19, 15), "by Thu, Nov 19, 3 pm"),
    ],
)
def test_a_deadline_is_said_by_its_weekday_when_it_is_near(due: datetime, words: str) -> None:
    assert by_deadline(due, NOW, BOSTON).replace(NO_BREAK, " ") == words


def test_a_deadline_late_in_the_evening_belongs_to_the_districts_day() -> None:
    tomorrow_in_utc = boston(21, 23, 30).astimezone(UTC)

    assert by_deadline(tomorrow_in_utc, NOW, BOSTON) == f"by today 11:30{NO_BREAK}pm"


@pytest.mark.parametrize(
    ("language", "ago", "day", "due"),
    [
        ("es", "hace 2 horas", "21 de noviembre de 2026", "jueves 26 de noviembre 15:00"),
        ("ht", "sa gen 2 èdtan", "21 novanm 2026", "jedi 26 novanm 15:00"),
        ("kea", "a ten 2 ora", "21 di Nuvenbru di 2026", "kinta-fera 26 di Nuvenbru 15:00"),
        ("zh-Hans", "2小时前", "2026年11月21日", "星期四 11月26日 15:00"),
        ("zh-Hant", "2 小時前", "2026年11月21日", "星期四 11月26日 下午3:00"),
        ("ar", "قبل ساعتين", "21 نوفمبر 2026", "الخميس 26 نوفمبر 3:00 م"),
    ],
)
def test_times_are_said_in_the_readers_language(language: str, ago: str, day: str, due: str) -> None:
    assert relative(NOW - timedelta(hours=2), NOW, language) == ago
    assert on_date(date(2026, 11, 21), language) == day
    assert by_deadline(boston(26, 15), NOW, BOSTON, language).replace("\u202f", " ") == due


def test_creole_counts_minutes_and_days_to_come() -> None:
    assert relative(NOW - timedelta(seconds=5), NOW, "ht") == "sa gen 1 minit"
    assert relative(NOW + timedelta(days=3), NOW, "ht") == "nan 3 jou"


@pytest.mark.parametrize("language", [*LANGUAGES, "tlh", "not a language"])
def test_every_language_has_words_and_an_unknown_one_gets_english(language: str) -> None:
    said = exact(NOW, BOSTON, language)

    assert "2026" in said
    assert ("November 21, 2026" in said) == (language in ("en", "tlh", "not a language"))
