"""What notifications does: one function per verb."""

from services.notifications.commands.deliver import (
    Claim,
    claim,
    give_up_lost,
    note_sent_before,
    record,
    send_again,
    smtp_id,
)
from services.notifications.commands.keep import (
    erase_person,
    keep_meetings,
    keep_organizations,
    keep_persons,
    keep_programs,
    keep_schools,
)
from services.notifications.commands.prefer import set_preferences
from services.notifications.commands.read import mark_read
from services.notifications.commands.write import write_messages

__all__ = [
    "Claim",
    "claim",
    "erase_person",
    "give_up_lost",
    "keep_meetings",
    "keep_organizations",
    "keep_persons",
    "keep_programs",
    "keep_schools",
    "mark_read",
    "note_sent_before",
    "record",
    "send_again",
    "set_preferences",
    "smtp_id",
    "write_messages",
]
