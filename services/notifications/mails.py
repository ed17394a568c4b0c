"""The e-mail of a claimed delivery, in the recipient's language and by the recipient's clock."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.notifications.commands import Claim
from services.notifications.invitations import invitation_of
from services.notifications.letters import Envelope, as_html, as_text, letter
from services.notifications.links import is_personal, outside
from services.notifications.rules import is_superseded
from services.notifications.settings import Settings
from shared.mail import Mail, Permanent


def mail_of(claimed: Claim, settings: Settings, now: datetime) -> Mail:
    """The mail; raises `Permanent` where the recipient has no address, or where it would say what is no longer so."""
    message, recipient = claimed.message, claimed.recipient
    if not recipient.email:
        raise Permanent("no_address")
    meeting = claimed.known.meetings.get(message.params.get("meeting_id", ""))
    if meeting and is_superseded(message.kind, message.params, meeting, message.recipient_id):
        raise Permanent("superseded")
    envelope = _envelope(claimed, settings, now)
    written = letter(message.kind, message.params, claimed.known, message.language, envelope)
    calendar = invitation_of(claimed, meeting, settings, now) if meeting else None
    return Mail(
        to=recipient.email,
        to_name=f"{recipient.given_name} {recipient.family_name}".strip(),
        subject=written.subject,
        text=as_text(written),
        html=as_html(written),
        message_id=claimed.smtp_message_id,
        reply_to=settings.answers_to if calendar else None,
        language=message.language,
        calendar=calendar,
    )


def _envelope(claimed: Claim, settings: Settings, now: datetime) -> Envelope:
    until = now + timedelta(days=settings.link_days)
    if (at := claimed.message.params.get("at")) and claimed.known.meetings:
        until = max(until, datetime.fromisoformat(at))
    return Envelope(
        name=claimed.recipient.given_name,
        link=outside(claimed.message, settings, until),
        link_until=until if is_personal(claimed.message.kind) else None,
        reach_link=f"{settings.public_url.rstrip('/')}/notifications/preferences",
        district=settings.district_name,
        zone=ZoneInfo(claimed.time_zone) if claimed.time_zone else settings.zone,
    )
