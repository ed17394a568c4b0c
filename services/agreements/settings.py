"""Settings of the agreements service."""

from typing import cast

from fastapi import Request
from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What the agreements service must know to run."""

    service: str = "agreements"

    country: str = Field(default="US", pattern="^[A-Z]{2}$")
    """Where telephone numbers that people enter without a country code are from (ISO 3166)."""

    upload_limit: int = Field(default=5_000_000, ge=1)
    """Bytes that an uploaded file of programs may have; larger files are for the command line."""

    upload_hours: int = Field(default=24, ge=1)
    """How long an uploaded file waits for somebody to apply it, before it is deleted."""


def settings_of(request: Request) -> Settings:
    """The settings of the app that answers a request."""
    return cast("Settings", request.app.state.settings)
