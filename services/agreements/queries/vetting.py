"""What is asked about the vetting of partners: what they tell, their documents, the rubric, and what happened."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import CriterionRating, Document, Organization, PartnerChange, Registration
from services.agreements.rules import not_found
from services.agreements.rules.documents import DocumentKind
from services.agreements.rules.partners import tends
from services.agreements.rules.registration import RegistrationValues, missing
from services.agreements.rules.standing import Halt
from services.agreements.rules.vetting import Grade, Mover, PartnerStatus, Review, Standing, Verb, open_moves
from shared.identity.actor import Actor


class DocumentView(BaseModel):
    """A document as it is listed; the file itself has an address of its own."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    organization_id: UUID
    kind: DocumentKind
    name: str
    media_type: str
    size: int
    """Bytes."""
    sha256: str
    until: date | None
    added_at: datetime
    added_by_label: str
    accepted_at: datetime | None
    """None: the district has not looked at it yet."""


class RatingView(BaseModel):
    """How the district rated one criterion."""

    model_config = ConfigDict(from_attributes=True)

    criterion: str
    grade: Grade
    note: str
    rated_at: datetime


class PartnerChangeView(BaseModel):
    """One line of a partner's timeline."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    by_label: str
    what: str
    codes: list[str]
    words: str


class PartnerView(BaseModel):
    """A partner as itself and the district see it."""

    id: UUID
    name: str
    version: int
    status: PartnerStatus
    review: Review
    halt: Halt | None
    """Why its programs take no new referrals."""
    merged_into: UUID | None
    submitted_at: datetime | None
    approved_on: date | None
    certified_until: date | None
    insurance_until: date | None
    checks_until: date | None
    told: RegistrationValues
    missing: dict[str, str]
    """What is still to be entered or attached before it can be sent, by field or kind of document."""
    documents: list[DocumentView]
    moves: list[Verb]
    """What the one who asks can do now."""

    @property
    def standing(self) -> Standing:
        """Status and review together."""
        return Standing(self.status, self.review)


async def partner_view(session: AsyncSession, organization_id: UUID, *, actor: Actor, today: date) -> PartnerView:
    """A partner with all that it told; for the district, its own people and who registers it."""
    organization = await tended_organization(session, organization_id, actor)
    told = await _told(session, organization)
    documents = await documents_of(session, organization_id)
    valid = {one.kind for one in documents if one.until is None or one.until >= today}
    fields = {name: getattr(organization, name) for name in PartnerView.model_fields if hasattr(organization, name)}
    mover = Mover.DISTRICT if actor.is_district else Mover.PARTNER
    return PartnerView(
        **fields,
        told=told,
        missing=missing(told, valid),
        documents=documents,
        moves=open_moves(organization.standing, mover),
    )


async def tended_organization(session: AsyncSession, organization_id: UUID, actor: Actor) -> Organization:
    """The organization, for those who may see its vetting."""
    found = await session.get(Organization, organization_id)
    registering = found is not None and found.status is PartnerStatus.REGISTERING
    if found is None or not tends(actor, found.id, found.registrant_id if registering else None):
        raise not_found("partner")
    return found


async def _told(session: AsyncSession, organization: Organization) -> RegistrationValues:
    registration = await session.get(Registration, organization.id)
    told = registration.model_dump() if registration else {}
    return RegistrationValues.model_validate(told | organization.model_dump())


async def documents_of(session: AsyncSession, organization_id: UUID) -> list[DocumentView]:
    """A partner's documents, newest first."""
    rows = select(Document).where(Document.organization_id == organization_id)
    found = await session.exec(rows.order_by(col(Document.added_at).desc(), col(Document.id)))
    return [DocumentView.model_validate(one) for one in found]


async def document_view(session: AsyncSession, organization_id: UUID, document_id: UUID, actor: Actor) -> DocumentView:
    """One document, for those who may see it."""
    await tended_organization(session, organization_id, actor)
    found = await session.get(Document, document_id)
    if found is None or found.organization_id != organization_id:
        raise not_found("document")
    return DocumentView.model_validate(found)


async def rubric(session: AsyncSession, organization_id: UUID) -> dict[str, RatingView]:
    """How the district rated a partner in the review that is under way, or was last, by criterion."""
    rows = await session.exec(
        select(CriterionRating)
        .join(Organization)
        .where(CriterionRating.organization_id == organization_id)
        .where(col(CriterionRating.round) == col(Organization.round))
    )
    return {row.criterion: RatingView.model_validate(row) for row in rows}


async def partner_history(session: AsyncSession, organization_id: UUID) -> Sequence[PartnerChange]:
    """What happened to a partner, newest first."""
    rows = select(PartnerChange).where(PartnerChange.organization_id == organization_id)
    return (await session.exec(rows.order_by(col(PartnerChange.at).desc(), col(PartnerChange.id).desc()))).all()


async def registrations_of(session: AsyncSession, person_id: UUID) -> Sequence[Organization]:
    """What a person is registering, newest first."""
    mine = select(Organization).where(
        Organization.registrant_id == person_id, Organization.status == PartnerStatus.REGISTERING
    )
    return (await session.exec(mine.order_by(col(Organization.registered_at).desc()))).all()
