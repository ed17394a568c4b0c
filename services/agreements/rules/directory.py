"""How fresh an entry of the directory is: asked for near the end of half a year, stale after it."""

from datetime import datetime, timedelta
from enum import StrEnum


class Freshness(StrEnum):
    """Whether somebody has said of late that a program's entry is still right."""

    FRESH = "fresh"
    ASKED = "asked"
    """Half a year is nearly over; the partner was asked."""
    STALE = "stale"
    """It is over; the entry carries a badge and stands behind the others."""


class Look(StrEnum):
    """What happens to an entry as time goes by."""

    ASK = "ask"
    LAPSE = "lapse"
    CONFIRM = "confirm"


LOOKS: dict[tuple[Freshness, Look], Freshness] = {
    (Freshness.FRESH, Look.ASK): Freshness.ASKED,
    (Freshness.FRESH, Look.LAPSE): Freshness.STALE,
    (Freshness.ASKED, Look.LAPSE): Freshness.STALE,
    (Freshness.FRESH, Look.CONFIRM): Freshness.FRESH,
    (Freshness.ASKED, Look.CONFIRM): Freshness.FRESH,
    (Freshness.STALE, Look.CONFIRM): Freshness.FRESH,
}
"""Every allowed change; what is not here does not happen."""


def look_due(
    freshness: Freshness, confirmed_at: datetime, now: datetime, *, good_for: timedelta, ask: timedelta
) -> Look | None:
    """What is due for an entry that was last confirmed then; `ask` is how long before the end the partner is asked."""
    age = now - confirmed_at
    look = Look.LAPSE if age >= good_for else Look.ASK if age >= good_for - ask else None
    return look if look and (freshness, look) in LOOKS else None
