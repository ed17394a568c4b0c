"""Settings of the referrals service."""

from datetime import time

from pydantic import Field

from services.referrals.rules import BusinessCalendar
from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What the referrals service must know to run."""

    service: str = "referrals"

    kafka_linger_s: float = Field(default=0.05, ge=0)
    """What it hears can wait a moment; the mail that goes out at the same time cannot."""

    business_opens: time = time(9)
    """The beginning of business in the district, by its own clock: partners are reminded at this time."""

    business_closes: time = time(17)
    """The end of business in the district, by its own clock: answers are due at this time."""

    @property
    def calendar(self) -> BusinessCalendar:
        """The district's business days."""
        return BusinessCalendar(self.zone, frozenset(self.holidays), self.business_closes, self.business_opens)
