"""The e-mail of a claimed delivery, in the recipient's language."""

from datetime import datetime, timedelta

from services.notifications.commands import Claim
from services.notifications.letters import Envelope, as_html, as_text, letter
from services.notifications.links import PERSONAL, outside
from services.notifications.settings import Settings
from shared.mail import Mail, Permanent


def mail_of(claimed: Claim, settings: Settings, now: datetime) -> Mail:
    """The mail; raises `Permanent` where the recipient has no address."""
    message, recipient = claimed.message, claimed.recipient
    if not recipient.email:
        raise Permanent("no_address")
    envelope = _envelope(claimed, settings, now)
    written = letter(message.kind, message.params, claimed.known, message.language, envelope)
    return Mail(
        to=recipient.email,
        to_name=f"{recipient.given_name} {recipient.family_name}".strip(),
        subject=written.subject,
        text=as_text(written),
        html=as_html(written),
        message_id=claimed.smtp_message_id,
        language=message.language,
    )


def _envelope(claimed: Claim, settings: Settings, now: datetime) -> Envelope:
    until = now + timedelta(days=settings.link_days)
    return Envelope(
        name=claimed.recipient.given_name,
        link=outside(claimed.message, settings, until),
        link_until=until if claimed.message.kind.audience in PERSONAL else None,
        reach_link=f"{settings.public_url.rstrip('/')}/notifications/preferences",
        district=settings.district_name,
        zone=settings.zone,
    )
