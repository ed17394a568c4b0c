"""When an answer is due: business days in the district's calendar and time zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.events.vocabulary import Urgency

BUSINESS_DAYS = {Urgency.ROUTINE: 2, Urgency.URGENT: 1}


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """Monday to Friday without holidays, from the beginning to the end of business, by the clock on the wall."""

    zone: ZoneInfo
    holidays: frozenset[date] = frozenset()
    closes: time = time(17)
    opens: time = time(9)

    def is_open_on(self, day: date) -> bool:
        """Whether there is business on a day."""
        return day.weekday() < 5 and day not in self.holidays

    def next_day(self, day: date) -> date:
        """The first business day after a day."""
        day += timedelta(days=1)
        while not self.is_open_on(day):
            day += timedelta(days=1)
        return day

    def day_of(self, moment: datetime) -> date:
        """The business day on which something that comes in at `moment` counts as received."""
        local = moment.astimezone(self.zone)
        if self.is_open_on(local.date()) and local.time() < self.closes:
            return local.date()
        return self.next_day(local.date())

    def today(self, moment: datetime) -> date:
        """The date in the district at `moment`."""
        return moment.astimezone(self.zone).date()

    def month_of(self, moment: datetime) -> datetime:
        """The beginning of the district's month at `moment`, in UTC."""
        first = self.today(moment).replace(day=1)
        return datetime.combine(first, time(), tzinfo=self.zone).astimezone(UTC)

    def start_of(self, day: date) -> datetime:
        """The beginning of business on a day, in UTC."""
        return datetime.combine(day, self.opens, tzinfo=self.zone).astimezone(UTC)

    def end_of(self, day: date) -> datetime:
        """The end of business on a day, in UTC."""
        return datetime.combine(day, self.closes, tzinfo=self.zone).astimezone(UTC)


def answer_by(sent_at: datetime, urgency: Urgency, calendar: BusinessCalendar) -> datetime:
    """When an answer is due (UTC): the end of the second (urgent: the next) business day after it came in.

    What comes in after business, or on a day without business, counts as received on the next business day.
    """
    day = calendar.day_of(sent_at)
    for _ in range(BUSINESS_DAYS[urgency]):
        day = calendar.next_day(day)
    return calendar.end_of(day)
