"""What messages about partners, agreements and meetings say; they name no student."""

from services.notifications.rules import Kind
from services.notifications.texts.text import Text
from shared.translations import mark

NEWS = mark("News about a partnership")

SEE_PROGRAM = mark("Open the program")

TEXTS: dict[Kind, Text] = {
    Kind.WORK_PROGRAM_CLOSED: Text(
        NEWS,
        mark("A program takes no more referrals"),
        mark("%(program)s (%(partner)s) takes no more referrals for now. Open it again when it can."),
        SEE_PROGRAM,
    ),
}
