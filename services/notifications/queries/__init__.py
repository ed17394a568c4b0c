"""What consumers, pages and the API ask."""

from services.notifications.queries.colleagues import colleagues
from services.notifications.queries.deliveries import DeliveryRow, count_deliveries, deliveries
from services.notifications.queries.inbox import Entry, entry, inbox, unread
from services.notifications.queries.people import (
    NAMES,
    Wishes,
    clock_of,
    known_of,
    look_up,
    people_for,
    preferences,
    recipient,
    referrer_of,
    wishes,
)

__all__ = [
    "NAMES",
    "DeliveryRow",
    "Entry",
    "Wishes",
    "clock_of",
    "colleagues",
    "count_deliveries",
    "deliveries",
    "entry",
    "inbox",
    "known_of",
    "look_up",
    "people_for",
    "preferences",
    "recipient",
    "referrer_of",
    "unread",
    "wishes",
]
