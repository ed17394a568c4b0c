"""Documents of a partner: attach one, accept one, take one away again."""

from datetime import date, datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import documents
from services.agreements.commands.agreements.attachments import attached_files
from services.agreements.commands.expiry import ask_for_renewal
from services.agreements.commands.partners import note_partner, settle, tended
from services.agreements.commands.todos import close_todos, for_district, open_todo
from services.agreements.commands.vetting import recount_ends
from services.agreements.models import Document, Organization
from services.agreements.rules import not_found, who
from services.agreements.rules.documents import EXPIRES, MOST_DOCUMENTS, DocumentKind, check_end, file_name, media_type
from services.agreements.rules.vetting import LISTED, PartnerStatus, Review
from shared.events.agreements import DocumentAccepted, DocumentAdded, DocumentRemoved
from shared.events.vocabulary import TodoKind
from shared.identity.actor import Actor
from shared.messaging import emit
from shared.refusals import Kind, Refusal


async def add_document(
    session: AsyncSession,
    organization_id: UUID,
    *,
    document_id: UUID,
    kind: DocumentKind,
    name: str,
    content: bytes,
    until: date | None,
    folder: Path,
    actor: Actor,
    now: datetime,
    zone: ZoneInfo,
) -> Document:
    """Attach a file; the same id again gives the one that is there. What it is, is read from its content."""
    organization = await tended(session, organization_id, actor)
    known = await session.get(Document, document_id)
    if known is not None and known.organization_id == organization_id:
        return known
    _refuse_closed(organization)
    await _refuse_many(session, organization_id)
    type_ = media_type(content)
    check_end(kind, until, now.astimezone(zone).date())
    document = Document(
        id=document_id,
        organization_id=organization_id,
        kind=kind,
        name=file_name(name, type_),
        media_type=type_,
        size=len(content),
        sha256=await documents.keep(folder, content),
        until=until,
        added_at=now,
        added_by_label=who(actor, organization.name),
    )
    session.add(document)
    session.add(note_partner(organization, "document_added", actor=actor, now=now, codes=[kind]))
    fact = DocumentAdded(
        organization_id=organization_id, document_id=document_id, kind=kind.value, sha256=document.sha256, on=until
    )
    await emit(session, fact, actor=actor, now=now)
    if kind in EXPIRES:
        await ask_for_renewal(session, organization, actor=actor, now=now, zone=zone)
    # What comes with a registration is looked at with the registration.
    if organization.status in LISTED and organization.review is not Review.WAITING:
        wait = TodoKind.DOCUMENT_REVIEW
        to, id = for_district(), organization_id
        await open_todo(session, wait, id, to=to, organization_id=id, actor=actor, now=now)
    return document


def _refuse_closed(organization: Organization) -> None:
    if organization.status is PartnerStatus.MERGED:
        raise Refusal(Kind.CONFLICT, "partner_merged", "This partner was merged with another one. Attach it there.")


async def _refuse_many(session: AsyncSession, organization_id: UUID) -> None:
    count = select(func.count()).select_from(Document).where(Document.organization_id == organization_id)
    if (await session.exec(count)).one() >= MOST_DOCUMENTS:
        said = f"There are {MOST_DOCUMENTS} documents already. Take away one that is not needed first."
        raise Refusal(Kind.CONFLICT, "too_many_documents", said, fields={"file": said})


async def accept_document(
    session: AsyncSession, organization_id: UUID, document_id: UUID, *, actor: Actor, now: datetime, zone: ZoneInfo
) -> Document:
    """The district has looked at a document: its last day counts, and what waited for it goes on."""
    organization, document = await _document(session, organization_id, document_id, actor)
    if not actor.is_district:
        raise Refusal(Kind.FORBIDDEN, "not_your_move", "Only the district office accepts documents.")
    if document.accepted_at is not None:
        return document
    document.accepted_at = now
    await session.flush()
    await recount_ends(session, organization)
    session.add(note_partner(organization, "accepted", actor=actor, now=now, codes=[document.kind]))
    fact = DocumentAccepted(
        organization_id=organization_id, document_id=document_id, kind=document.kind.value, on=document.until
    )
    await emit(session, fact, actor=actor, now=now)
    await _close_review(session, organization_id, actor, now)
    await ask_for_renewal(session, organization, actor=actor, now=now, zone=zone)
    await settle(session, organization, actor=actor, now=now, zone=zone)
    return document


async def remove_document(
    session: AsyncSession, organization_id: UUID, document_id: UUID, *, actor: Actor, now: datetime, zone: ZoneInfo
) -> None:
    """Take a document away that the district has not accepted; an accepted one is part of the record."""
    organization, document = await _document(session, organization_id, document_id, actor)
    if document.accepted_at is not None:
        said = "The district has accepted this document; it stays on the record. Attach a newer one."
        raise Refusal(Kind.CONFLICT, "document_accepted", said)
    await session.delete(document)
    await session.flush()
    await _close_review(session, organization_id, actor, now)
    await ask_for_renewal(session, organization, actor=actor, now=now, zone=zone)
    session.add(note_partner(organization, "removed", actor=actor, now=now, codes=[document.kind]))
    fact = DocumentRemoved(organization_id=organization_id, document_id=document_id)
    await emit(session, fact, actor=actor, now=now)


async def _close_review(session: AsyncSession, organization_id: UUID, actor: Actor, now: datetime) -> None:
    """Nothing waits for the district once it has looked at every document."""
    unseen = select(Document.id).where(Document.organization_id == organization_id, col(Document.accepted_at).is_(None))
    if (await session.exec(unseen.limit(1))).first() is None:
        await close_todos(session, organization_id, kind=TodoKind.DOCUMENT_REVIEW, actor=actor, now=now)


async def _document(
    session: AsyncSession, organization_id: UUID, document_id: UUID, actor: Actor
) -> tuple[Organization, Document]:
    organization = await tended(session, organization_id, actor)
    document = await session.get(Document, document_id, with_for_update=True)
    if document is None or document.organization_id != organization_id:
        raise not_found("document")
    return organization, document


async def unclaimed_files(session: AsyncSession, names: list[str]) -> list[str]:
    """Of these files those that no document and no agreement names: of broken uploads, and of what was taken away."""
    claimed = set((await session.exec(select(Document.sha256).where(col(Document.sha256).in_(names)))).all())
    claimed |= await attached_files(session, names)
    return [name for name in names if name not in claimed]
