"""When mail is tried again."""

from datetime import datetime, timedelta

RETRY_AFTER: tuple[timedelta, ...] = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Pauses between tries: eleven tries over at least 75 hours, as Standard Webhooks 1.0.0 proposes."""

JITTER = 0.1
"""A pause is lengthened by up to this share, never shortened: so many mails do not come back at one instant."""

LEASE = timedelta(seconds=90)
"""How long a try may take; after it nobody knows what became of the mail."""


def next_try(attempts: int, now: datetime, jitter: float) -> datetime | None:
    """When to try again after so many tries (at least 1); None: never. `jitter` lies in 0 to 1."""
    if attempts > len(RETRY_AFTER):
        return None
    return now + RETRY_AFTER[attempts - 1] * (1 + JITTER * jitter)
