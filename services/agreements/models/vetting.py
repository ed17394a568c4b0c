"""Tables of the vetting of partners: what they tell, their documents, how they were rated, and what happened."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.agreements.models.base import Table
from services.agreements.rules.documents import DocumentKind
from services.agreements.rules.vetting import Grade
from shared.clock import new_id


class Registration(Table, table=True):
    """What a partner tells of itself, beside what its organization says."""

    organization_id: UUID = Field(primary_key=True, foreign_key="organization.id")
    legal_name: str = ""
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    about: str = ""
    populations: str = ""
    needs: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text()), nullable=False))
    languages: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text()), nullable=False))
    sites: str = ""
    capacity: int | None = None
    offers: str = ""
    evidence: str = ""
    references: str = ""


class Document(Table, table=True):
    """A file of a partner; its content lies in the folder of documents under its digest."""

    id: UUID = Field(primary_key=True)
    organization_id: UUID = Field(foreign_key="organization.id", index=True)
    kind: DocumentKind
    name: str
    """The file's name as it is offered for download."""
    media_type: str
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    sha256: str = Field(index=True)
    until: date | None = None
    """The last day on which it holds."""
    added_at: datetime
    added_by_label: str
    accepted_at: datetime | None = None
    """When the district accepted it; only then its last day counts."""


class CriterionRating(Table, table=True):
    """How the district rated a partner by one criterion of the rubric, in one review."""

    __tablename__ = "criterion_rating"

    organization_id: UUID = Field(primary_key=True, foreign_key="organization.id")
    round: int = Field(primary_key=True)
    criterion: str = Field(primary_key=True)
    grade: Grade
    note: str = ""
    rated_at: datetime


class PartnerChange(Table, table=True):
    """One line of a partner's timeline; the partner itself and the district read it."""

    __tablename__ = "partner_change"
    __table_args__ = (Index(None, "organization_id", "at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organization_id: UUID = Field(foreign_key="organization.id")
    at: datetime
    by_label: str
    what: str
    """`started`, `document_added`, `accepted`, `removed`, `expired`, `renewed`, or a verb of `rules.vetting`."""
    codes: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text()), nullable=False))
    """Reasons from a closed list, or what it is about."""
    words: str = ""
