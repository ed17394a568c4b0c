"""Time zones: which names there are, those to choose from, and a clock on the wall as a moment."""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

CHOICES: dict[str, str] = {
    "America/New_York": "Eastern time (New York, Boston)",
    "America/Chicago": "Central time (Chicago)",
    "America/Denver": "Mountain time (Denver)",
    "America/Phoenix": "Mountain time without summer time (Phoenix)",
    "America/Los_Angeles": "Pacific time (Los Angeles)",
    "America/Anchorage": "Alaska",
    "Pacific/Honolulu": "Hawaii",
    "America/Puerto_Rico": "Puerto Rico",
    "Europe/London": "London",
    "Europe/Paris": "Paris, Berlin, Madrid",
}
"""What pages offer; any other IANA name is understood, too."""


@cache
def is_zone(name: str) -> bool:
    """Whether this is the name of a time zone (IANA)."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def options(*more: str) -> list[tuple[str, str]]:
    """Zones to choose from with their words; `more` are named first where they are not among them."""
    others = [(name, name.replace("_", " ")) for name in more if name not in CHOICES]
    return others + list(CHOICES.items())


def moment(local: datetime, zone: ZoneInfo) -> datetime:
    """When a clock on the wall shows this, in UTC.

    Where the clock skips the hour, it counts from before the change; where it shows the hour twice, the first time
    counts (RFC 5545, section 3.3.5).
    """
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)
