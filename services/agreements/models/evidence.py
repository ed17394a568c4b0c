"""Tables of what others' facts say about partnerships; no word about a child."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.agreements.models.base import Table
from shared.events.vocabulary import Need, Outcome


class ReferralNeed(Table, table=True):
    """What a referral asks for."""

    __tablename__ = "referral_need"
    __table_args__ = (Index(None, "submitted_at"),)

    referral_id: UUID = Field(primary_key=True)
    school_id: UUID
    need: Need
    submitted_at: datetime


class ReferralAttempt(Table, table=True):
    """One referral put before one partner, and what came of it."""

    __tablename__ = "referral_attempt"
    __table_args__ = (Index(None, "school_id", "organization_id", "sent_at"), Index(None, "organization_id", "sent_at"))

    attempt_id: UUID = Field(primary_key=True)
    school_id: UUID
    organization_id: UUID
    program_id: UUID
    sent_at: datetime
    answer_by: datetime
    answered_at: datetime | None = None
    """Accepted, put on the waiting list or declined by the partner."""
    taken: bool = False
    closed_at: datetime | None = None
    outcome: Outcome | None = None
