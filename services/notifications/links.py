"""Where a message leads."""

from datetime import datetime

from services.notifications.models import Message
from services.notifications.rules import ANSWERED_BY_LINK, Audience, Kind
from services.notifications.settings import Settings
from shared.events.vocabulary import RoleName
from shared.identity import sign_link

PERSONAL: dict[Audience, str] = {Audience.FAMILY: RoleName.GUARDIAN, Audience.PARTNER: RoleName.PARTNER_STAFF}
"""Who comes by a personal link, and as what; staff sign in."""
INVITED = "invited"
"""As what somebody comes who answers an invitation by its link."""


def is_personal(kind: Kind) -> bool:
    """Whether the link in an e-mail of this kind needs no sign-in."""
    return kind.audience in PERSONAL or kind in ANSWERED_BY_LINK


def inside(message: Message) -> str:
    """The page for somebody who is signed in."""
    if message.kind.audience is Audience.FAMILY:
        return f"/referrals/family#r-{message.about_id}"
    if message.kind.audience is Audience.COLLEAGUE:
        return f"/agreements/{message.params['place']}/{message.about_id}"
    return f"/referrals/{message.about_id}"


def outside(message: Message, settings: Settings, until: datetime) -> str:
    """The address in an e-mail: to the page without sign-in until then, for staff to the page behind it."""
    base = settings.public_url.rstrip("/")
    if not is_personal(message.kind):
        return base + inside(message)
    role = PERSONAL.get(message.kind.audience, INVITED)
    # Without the name: an address must not tell for whom it was made.
    token = sign_link(
        settings,
        person_id=message.recipient_id,
        about_id=message.about_id,
        role=role,
        language=message.language,
        expires_at=until,
    )
    return f"{base}/{'agreements/meetings' if role == INVITED else 'referrals'}/by-link/{token}"
