"""School years: a year is named by the calendar year in which it begins (2026 is 2026–27)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from shared.refusals import Kind, Refusal


class Asked(StrEnum):
    """What both sides are asked for once a year."""

    RATINGS = "ratings"
    YEAR_END = "year_end"


@dataclass(frozen=True, slots=True)
class SchoolCalendar:
    """When a district's school year begins, and when in it what is asked for."""

    zone: ZoneInfo
    begins: tuple[int, int] = (7, 1)
    """Month and day of the year's first day."""
    ratings_on: tuple[int, int] = (4, 15)
    year_end_on: tuple[int, int] = (5, 15)
    answer_days: int = 30
    """Days to answer in."""
    grace_days: int = 60
    """Days after the year in which it can still be looked back on."""

    def today(self, now: datetime) -> date:
        """The district's day."""
        return now.astimezone(self.zone).date()

    def year_of(self, day: date) -> int:
        """The school year that a day lies in."""
        return day.year if (day.month, day.day) >= self.begins else day.year - 1

    def first_day(self, year: int) -> date:
        """The year's first day."""
        return date(year, *self.begins)

    def last_day(self, year: int) -> date:
        """The year's last day."""
        return self.first_day(year + 1) - timedelta(days=1)

    def closes_on(self, year: int) -> date:
        """The last day on which the year can still be looked back on."""
        return self.last_day(year) + timedelta(days=self.grace_days)

    def asked_on(self, year: int, what: Asked) -> date:
        """The day from which the sides of that year's partnerships are asked."""
        month, day = self.ratings_on if what is Asked.RATINGS else self.year_end_on
        return date(year if (month, day) >= self.begins else year + 1, month, day)

    def is_open(self, year: int, day: date) -> bool:
        """Whether that year's partnerships can be rated and reviewed on a day."""
        return self.first_day(year) <= day <= self.closes_on(year)


def year_label(year: int) -> str:
    """A school year as people write it: "2026–27"."""
    return f"{year}–{(year + 1) % 100:02}"


def refuse_closed(calendar: SchoolCalendar, year: int, day: date) -> None:
    """Refuse to look back on a year that is over for good, or that has not begun."""
    if not calendar.is_open(year, day):
        said = (
            f"The school year {year_label(year)} can be rated and reviewed from {calendar.first_day(year):%B %-d, %Y} "
            f"to {calendar.closes_on(year):%B %-d, %Y}. Choose another year."
        )
        raise Refusal(Kind.CONFLICT, "year_closed", said)
