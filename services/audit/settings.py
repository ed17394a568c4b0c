"""Settings of the audit service."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What every service has; the log needs nothing more."""

    service: str = "audit"
