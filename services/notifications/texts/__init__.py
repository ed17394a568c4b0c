"""What every message says, in English; the catalogs hold the other languages."""

from services.notifications.texts import partnerships, referrals
from services.notifications.texts.referrals import OUTCOMES, REASONS, URGENT
from services.notifications.texts.text import UNKNOWN, Text

TEXTS = referrals.TEXTS | partnerships.TEXTS

__all__ = ["OUTCOMES", "REASONS", "TEXTS", "UNKNOWN", "URGENT", "Text"]
