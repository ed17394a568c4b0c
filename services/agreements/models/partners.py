"""Tables of who works together: schools and people that this service knows of, and partner organizations."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, Double, Index, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.agreements.models.base import Table
from services.agreements.rules.standing import Expiring, Halt
from services.agreements.rules.vetting import PartnerStatus, Review, Standing


class School(Table, table=True):
    """A school, as people tells it."""

    id: UUID = Field(primary_key=True)
    name: str
    active: bool = True
    latitude: float | None = Field(default=None, sa_type=Double)
    longitude: float | None = Field(default=None, sa_type=Double)


class Person(Table, table=True):
    """Somebody who works for a school, a partner or the district, as people tells it; nobody else is kept."""

    __table_args__ = (
        Index(None, "school_ids", postgresql_using="gin"),
        Index(None, "organization_ids", postgresql_using="gin"),
        Index("ix_person_district", "is_district", postgresql_where=text("is_district")),
    )

    id: UUID = Field(primary_key=True)
    given_name: str
    family_name: str
    email: str | None = None
    language: str = "en"
    school_ids: list[UUID] = Field(sa_column=Column(ARRAY(Uuid()), nullable=False))
    """Where the person is school staff."""
    organization_ids: list[UUID] = Field(sa_column=Column(ARRAY(Uuid()), nullable=False))
    """Where the person is partner staff."""
    is_district: bool = False
    active: bool = True

    @property
    def name(self) -> str:
        """Given name first."""
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def at_work(self) -> bool:
        """Whether the person works for anybody here (still)."""
        return self.active and bool(self.school_ids or self.organization_ids or self.is_district)


class Organization(Table, table=True):
    """A partner organization."""

    id: UUID = Field(primary_key=True)
    name: str
    name_key: str = Field(unique=True)
    """What all spellings of the name have in common."""
    version: int = 1
    registered_at: datetime
    changed_at: datetime
    changed_by: str
    """The actor, as facts name it."""
    changed_by_label: str
    """Who that was, without a name: "The district office"."""
    status: PartnerStatus = Field(default=PartnerStatus.APPROVED, sa_column_kwargs={"server_default": "approved"})
    """Whoever was entered by the district or came with an import counts as approved."""
    review: Review = Field(default=Review.NONE, sa_column_kwargs={"server_default": "none"})
    tax_id: str = Field(default="", sa_column_kwargs={"server_default": ""})
    tax_key: str = Field(default="", index=True, sa_column_kwargs={"server_default": ""})
    address: str = Field(default="", sa_column_kwargs={"server_default": ""})
    address_key: str = Field(default="", index=True, sa_column_kwargs={"server_default": ""})
    website: str = Field(default="", sa_column_kwargs={"server_default": ""})
    domain: str = Field(default="", index=True, sa_column_kwargs={"server_default": ""})
    registrant_id: UUID | None = Field(default=None, index=True)
    """Who registers it; may write the registration before the role has arrived."""
    merged_into: UUID | None = Field(default=None, foreign_key="organization.id")
    round: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """Counts the reviews: each has a rubric of its own."""
    submitted_at: datetime | None = None
    """When the registration or the yearly details were sent last."""
    approved_on: date | None = None
    certified_until: date | None = None
    """The last day of the approval; None: it was never vetted here."""
    insurance_until: date | None = None
    checks_until: date | None = None
    """The last day of the newest accepted document; None: there is none that the district looked at."""
    halt: Halt | None = None
    """Why its programs take no new referrals, as it was published last."""
    look_at: datetime | None = Field(default=None, index=True)
    """When something of it runs out or is to be said next."""
    looked_at: datetime | None = None
    """Up to when that was done."""

    @property
    def standing(self) -> Standing:
        """Status and review together, as moves are decided by."""
        return Standing(self.status, self.review)

    @property
    def ends(self) -> dict[Expiring, date]:
        """The last day of each thing that has one."""
        found = {
            Expiring.INSURANCE: self.insurance_until,
            Expiring.CHECKS: self.checks_until,
            Expiring.CERTIFICATION: self.certified_until,
        }
        return {what: on for what, on in found.items() if on}
