"""The mail server: does it take our sender."""

from deploy.doctor.finding import Finding
from shared.mail import Mailer, Retryable
from shared.settings import ServiceSettings

PATIENCE = 10.0
"""Seconds."""


async def mail(settings: ServiceSettings) -> Finding:
    """Connect, sign in and say who sends, without sending."""
    address = f"{settings.smtp_host}:{settings.smtp_port}"
    try:
        async with Mailer(settings, deadline=PATIENCE) as mailer:
            await mailer.greet()
    except Retryable as error:
        to_do = (
            "See CROSSWALK_SMTP_HOST, _PORT, _TLS, _USERNAME, _PASSWORD and CROSSWALK_MAIL_FROM, and the server's log."
        )
        return Finding("Mail", False, f"{address} does not take our mail: {error.reason}", to_do)
    return Finding("Mail", True, f"{address} takes mail from {settings.mail_from}")
