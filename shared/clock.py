"""The time and new ids. Only edges call these; everything inside takes `now` as an argument."""

from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7


def utc_now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


def new_id() -> UUID:
    """A fresh UUIDv7: ids sort by the time they were made."""
    return uuid7()
