"""Settings of the agreements service."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, cast

from fastapi import Request
from pydantic import AfterValidator, Field, field_validator
from pydantic_settings import NoDecode

from services.agreements.rules.school_years import SchoolCalendar
from shared.settings import ServiceSettings


def _day_of_a_year(text: str) -> str:
    date.fromisoformat(f"2001-{text}")
    return text


DayOfYear = Annotated[str, Field(pattern=r"^\d\d-\d\d$"), AfterValidator(_day_of_a_year)]
"""A month and a day that every year has: `07-01`."""


class Settings(ServiceSettings):
    """What the agreements service must know to run."""

    service: str = "agreements"

    kafka_linger_s: float = Field(default=0.5, ge=0)
    """What it hears of referrals it counts for the yearly review; the mail that goes out at that time cannot wait."""

    phone_region: str = Field(default="US", pattern="^[A-Z]{2}$")
    """Country of phone numbers that are written without one (ISO 3166)."""

    currency: str = Field(default="USD", pattern="^[A-Z]{3}$")
    """The currency of amounts in agreements (ISO 4217)."""

    pdf_fonts: Annotated[tuple[Path, ...], NoDecode] = ()
    """TrueType files, separated by commas, for letters beyond Latin, Greek and Cyrillic in PDFs of agreements."""

    programs_upload_bytes: int = Field(default=5_000_000, ge=1)
    """Bytes that an uploaded file of programs may have; larger files are for the command line."""

    programs_upload_hours: int = Field(default=24, ge=1)
    """How long an uploaded file waits for somebody to apply it, before it is deleted."""

    distances: Literal["miles", "km"] = "miles"
    """How distances are said."""

    confirm_days: int = Field(default=183, ge=2)
    """How long a partner's word that an entry of the directory is right holds."""

    confirm_ask_days: int = Field(default=30, ge=1)
    """How many days before the end of that the partner is asked."""

    school_year_begins: DayOfYear = "07-01"
    """First day of the district's school year."""

    ratings_asked_on: DayOfYear = "04-15"
    """From when in a school year both sides of a partnership are asked to rate it."""

    year_end_asked_on: DayOfYear = "05-15"
    """From when in a school year they are asked to look back on it and to decide."""

    review_answer_days: int = Field(default=30, ge=1, le=180)
    """Days in which they are to answer."""

    review_grace_days: int = Field(default=60, ge=0, le=180)
    """Days after the school year in which it can still be rated and reviewed."""

    documents_dir: Path | None = None
    """Folder for partners' documents, shared by every web process and worker; None: `agreements/documents` in the data
    folder."""

    @field_validator("pdf_fonts", mode="before")
    @classmethod
    def _paths(cls, value: object) -> object:
        return tuple(path.strip() for path in value.split(",") if path.strip()) if isinstance(value, str) else value

    @property
    def school_calendar(self) -> SchoolCalendar:
        """When the school year begins, and when in it what is asked for."""
        return SchoolCalendar(
            zone=self.zone,
            begins=_month_and_day(self.school_year_begins),
            ratings_on=_month_and_day(self.ratings_asked_on),
            year_end_on=_month_and_day(self.year_end_asked_on),
            answer_days=self.review_answer_days,
            grace_days=self.review_grace_days,
        )


def _month_and_day(text: str) -> tuple[int, int]:
    month, day = text.split("-")
    return int(month), int(day)


def settings_of(request: Request) -> Settings:
    """The settings of the app that answers a request."""
    return cast("Settings", request.app.state.settings)
