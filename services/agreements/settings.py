"""Settings of the agreements service."""

from typing import cast

from fastapi import Request
from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What the agreements service must know to run."""

    service: str = "agreements"

    phone_region: str = Field(default="US", pattern="^[A-Z]{2}$")
    """Country of phone numbers that are written without one (ISO 3166)."""

    programs_upload_bytes: int = Field(default=5_000_000, ge=1)
    """Bytes that an uploaded file of programs may have; larger files are for the command line."""

    programs_upload_hours: int = Field(default=24, ge=1)
    """How long an uploaded file waits for somebody to apply it, before it is deleted."""


def settings_of(request: Request) -> Settings:
    """The settings of the app that answers a request."""
    return cast("Settings", request.app.state.settings)
