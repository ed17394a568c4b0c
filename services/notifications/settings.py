"""Settings of the notifications service."""

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What every service has, and how mail goes out."""

    service: str = "notifications"

    publish_linger_s: float = Field(default=0.1, ge=0)
    """Nobody waits to hear that a message was written; for the mail that goes out at that moment somebody does."""

    mail_connections: int = Field(default=8, ge=2)
    """Connections to the mail server at a time; a quarter of them takes only mails that were tried before."""

    mail_deadline: float = Field(default=20.0, gt=0)
    """Seconds for handing over one mail."""

    link_days: int = Field(default=14, ge=1)
    """Days that the link in a message to a family or a partner works."""
