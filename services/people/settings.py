"""Settings of the people service."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field

from services.people.oidc_settings import OidcSettings


class Settings(OidcSettings):
    """What every service has, and what sign-in and roster import need."""

    service: str = "people"

    session_hours: int = Field(default=12, ge=1, le=24 * 14)
    """How long somebody stays signed in."""

    sign_in_minutes: int = Field(default=10, ge=1, le=60)
    """How long an e-mailed code or link works."""

    sign_ins_per_address: int = Field(default=5, ge=1)
    """Codes that may be asked for per e-mail address in a quarter of an hour."""

    sign_ins_per_client: int = Field(default=60, ge=1)
    """Codes that may be asked for per IP address in a quarter of an hour; a school may share one address."""

    roster_upload_bytes: int = Field(default=100_000_000, ge=1)
    """Largest roster that is taken, in bytes."""

    phone_region: str = Field(default="US", pattern="^[A-Z]{2}$")
    """Country of phone numbers that are written without one (ISO 3166)."""

    @property
    def uploads_dir(self) -> Path:
        """Where uploaded rosters wait; the web process writes them, the worker reads them."""
        return self.data_dir / "people" / "uploads"

    @property
    def session_length(self) -> timedelta:
        """How long a session lasts."""
        return timedelta(hours=self.session_hours)

    @property
    def sign_in_length(self) -> timedelta:
        """How long a code lasts."""
        return timedelta(minutes=self.sign_in_minutes)
