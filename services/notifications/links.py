"""Where a message leads."""

from datetime import datetime

from services.notifications.models import Message
from services.notifications.rules import Audience
from services.notifications.settings import Settings
from shared.events.vocabulary import RoleName
from shared.identity import sign_link

PERSONAL = {Audience.FAMILY: RoleName.GUARDIAN, Audience.PARTNER: RoleName.PARTNER_STAFF}
"""Who comes by a personal link, and as what; staff sign in."""


def inside(message: Message) -> str:
    """The page for somebody who is signed in."""
    if message.kind.audience is Audience.FAMILY:
        return f"/referrals/family#r-{message.about_id}"
    if message.kind.audience is Audience.COLLEAGUE:
        return f"/agreements/{message.params['place']}/{message.about_id}"
    return f"/referrals/{message.about_id}"


def outside(message: Message, settings: Settings, until: datetime) -> str:
    """The address in an e-mail: to the page without sign-in until then, for staff to the page behind it."""
    role = PERSONAL.get(message.kind.audience)
    base = settings.public_url.rstrip("/")
    if role is None:
        return base + inside(message)
    # Without the name: an address must not tell for whom it was made.
    token = sign_link(
        settings,
        person_id=message.recipient_id,
        about_id=message.about_id,
        role=role,
        language=message.language,
        expires_at=until,
    )
    return f"{base}/referrals/by-link/{token}"
