"""Settings of the audit service."""

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What every service has; nobody waits for the log, so it takes much at a time."""

    service: str = "audit"

    kafka_linger_s: float = Field(default=0.5, ge=0)
