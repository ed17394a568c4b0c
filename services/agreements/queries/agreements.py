"""What is asked about agreements: lists, one with its texts, who may do what with it now."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, func, or_, true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Agreement, AgreementEntry, Edition, Organization, Person, School, Signature
from services.agreements.queries.common import Blank, words_in
from services.agreements.rules import not_found
from services.agreements.rules.agreements import (
    ENDED,
    GIVEN_UP,
    IN_FORCE,
    AgreementState,
    EditionState,
    Mover,
    Side,
    Standing,
    Verb,
    is_open,
    may_see,
    mover_of,
)
from services.agreements.rules.attachments import AttachmentTerms
from services.agreements.rules.terms import AgreementKind, EndReason, Terms
from shared.identity import Actor

SHOWN = {
    "open": frozenset(AgreementState) - ENDED,
    "unsigned": frozenset({AgreementState.DRAFT, AgreementState.SIGNING}),
    "in_force": IN_FORCE,
    "ending": frozenset({AgreementState.RENEWAL_DUE}),
    "ended": ENDED,
    "any": frozenset(AgreementState),
}
"""What a list can be narrowed to."""


class AgreementSearch(BaseModel):
    """What agreements are looked for; everything that is given must fit."""

    q: Annotated[str | None, Blank] = Field(default=None, max_length=200, description="Words, each of which must occur")
    show: Literal["open", "unsigned", "in_force", "ending", "ended", "any"] = "open"
    school: Annotated[UUID | None, Blank] = None
    organization: Annotated[UUID | None, Blank] = None
    contact: Annotated[UUID | None, Blank] = Field(default=None, description="A contact of either side")
    sort: Literal["ends", "title", "changed"] = "ends"

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is asked for."""
        return self.show != "open" or any((self.q, self.school, self.organization, self.contact))


class AgreementLine(BaseModel):
    """An agreement in a list."""

    id: UUID
    title: str
    kind: AgreementKind
    state: AgreementState
    organization_id: UUID
    organization: str
    school_id: UUID | None
    school: str
    """The school that agrees, or "The district office"."""
    school_ids: list[UUID]
    """Schools covered; empty: every school."""
    starts_on: date
    ends_on: date
    school_contact_id: UUID | None
    partner_contact_id: UUID | None
    edition: int
    open_edition: int | None
    version: int
    changed_at: datetime


class SignatureView(BaseModel):
    """A signature as it is read."""

    model_config = ConfigDict(from_attributes=True)

    side: Side
    name: str
    role: str
    consent: str
    digest: str
    at: datetime


class TextView(BaseModel):
    """One text of an agreement."""

    number: int
    state: EditionState
    terms: Terms
    text: str | None
    """The exact words, once it was sent for signature."""
    digest: str | None
    """SHA-256 of them in UTF-8, in hexadecimal."""
    sent_at: datetime | None
    holds_from: datetime | None
    signatures: list[SignatureView]


class ContactView(BaseModel):
    """A side's contact."""

    id: UUID | None
    name: str
    here: bool
    """Whether the person still works for that side."""


class AgreementView(AgreementLine):
    """An agreement as it is read."""

    schools: list[str]
    """Names of the schools covered; empty: every school."""
    contacts: dict[Side, ContactView]
    texts: list[TextView]
    """Newest first."""
    renews_id: UUID | None
    followed_by: UUID | None
    ended_at: datetime | None
    end_reason: EndReason | None
    end_words: str
    side: Side | None
    """The side for which the reader acts; None: who may only read."""
    can: list[Verb]
    """What the reader can do with it now."""

    @property
    def holds(self) -> TextView | None:
        """The text that holds, or held last."""
        return next((text for text in self.texts if self.edition and text.number == self.edition), None)

    @property
    def open(self) -> TextView | None:
        """The text that is being drafted or signed."""
        return next((text for text in self.texts if text.number == self.open_edition), None)

    @property
    def shown(self) -> TextView:
        """The text to show first: the one that holds, else the newest."""
        return self.holds or self.texts[0]


def visible(actor: Actor) -> ColumnElement[bool]:
    """Agreements that somebody may read."""
    if actor.is_district:
        return true()
    schools = sorted(actor.school_ids)
    mine: list[ColumnElement[bool]] = [col(Agreement.organization_id).in_(actor.organization_ids)]
    if schools:
        mine += [col(Agreement.school_ids) == [], col(Agreement.school_ids).overlap(schools)]  # type: ignore[attr-defined]
    return or_(*mine)


async def find_agreements(
    session: AsyncSession, search: AgreementSearch, *, actor: Actor, offset: int = 0, limit: int | None = None
) -> tuple[list[AgreementLine], int]:
    """Agreements that fit and that the actor may read, a part of them, and how many there are in all."""
    fits = [visible(actor), *_fits(search)]
    found = (
        select(Agreement, Organization.name, School.name)
        .join(Organization, col(Organization.id) == col(Agreement.organization_id))
        .outerjoin(School, col(School.id) == col(Agreement.school_id))
        .where(*fits)
        .order_by(*_ORDERS[search.sort], col(Agreement.id))
    )
    rows = await session.exec(found.offset(offset).limit(limit))
    count = (
        select(func.count())
        .select_from(Agreement)
        .join(Organization, col(Organization.id) == col(Agreement.organization_id))
        .outerjoin(School, col(School.id) == col(Agreement.school_id))
        .where(*fits)
    )
    return [_line(*row) for row in rows], (await session.exec(count)).one()


_ORDERS: dict[str, tuple[Any, ...]] = {
    "ends": (col(Agreement.ends_on),),
    "title": (func.lower(col(Agreement.title)),),
    "changed": (col(Agreement.changed_at).desc(),),
}


def _fits(search: AgreementSearch) -> list[ColumnElement[bool]]:
    fits: list[ColumnElement[bool]] = [col(Agreement.state).in_(SHOWN[search.show])]
    if search.school:
        every = col(Agreement.school_ids) == []
        fits.append(or_(every, col(Agreement.school_ids).contains([search.school])))
    if search.organization:
        fits.append(col(Agreement.organization_id) == search.organization)
    if search.contact:
        fits.append(
            or_(col(Agreement.school_contact_id) == search.contact, col(Agreement.partner_contact_id) == search.contact)
        )
    return fits + words_in(search.q or "", Agreement.title, Organization.name, School.name)


def _line(agreement: Agreement, organization: str, school: str | None) -> AgreementLine:
    names = AgreementLine.model_fields.keys() - {"organization", "school"}
    fields = {name: getattr(agreement, name) for name in names}
    return AgreementLine(**fields, organization=organization, school=school or "The district office")


async def agreement_view(session: AsyncSession, agreement_id: UUID, *, actor: Actor) -> AgreementView:
    """One agreement with its texts; as if it did not exist where the actor may not read it."""
    found = await session.get(Agreement, agreement_id)
    if found is None or not may_see(actor, found.school_id, found.school_ids, found.organization_id):
        raise not_found("agreement")
    organization = await session.get_one(Organization, found.organization_id)
    school = await session.get(School, found.school_id) if found.school_id else None
    texts = await _texts(session, agreement_id)
    line = _line(found, organization.name, school.name if school else None)
    mover = mover_of(actor, found.school_id, found.organization_id)
    follower = await follower_of(session, agreement_id)
    return AgreementView(
        **line.model_dump(),
        schools=await _school_names(session, found.school_ids),
        contacts=await _contacts(session, found),
        texts=texts,
        renews_id=found.renews_id,
        followed_by=follower.id if follower else None,
        ended_at=found.ended_at,
        end_reason=found.end_reason,
        end_words=found.end_words,
        side=None if mover is None else Side.PARTNER if mover is Mover.PARTNER else Side.SCHOOL,
        can=_can(found, texts, mover),
    )


def _can(agreement: Agreement, texts: Sequence[TextView], mover: Mover | None) -> list[Verb]:
    if mover is None:
        return []
    open = next((text for text in texts if text.number == agreement.open_edition), None)
    standing = Standing(agreement.state, open.state if open and agreement.edition else None)
    return [verb for verb in Verb if is_open(verb, standing)]


async def _texts(session: AsyncSession, agreement_id: UUID) -> list[TextView]:
    texts = await session.exec(
        select(Edition).where(Edition.agreement_id == agreement_id).order_by(col(Edition.number).desc())
    )
    signed = (
        await session.exec(
            select(Signature)
            .where(Signature.agreement_id == agreement_id, col(Signature.void_at).is_(None))
            .order_by(col(Signature.at))
        )
    ).all()
    return [_text(text, [one for one in signed if one.edition == text.number]) for text in texts]


def _text(text: Edition, signatures: Sequence[Signature]) -> TextView:
    return TextView(
        number=text.number,
        state=text.state,
        terms=Terms.model_validate(text.terms),
        text=text.text,
        digest=text.digest,
        sent_at=text.sent_at,
        holds_from=text.holds_from,
        signatures=[SignatureView.model_validate(one) for one in signatures],
    )


async def _school_names(session: AsyncSession, ids: Collection[UUID]) -> list[str]:
    return list(await session.exec(select(School.name).where(col(School.id).in_(ids)).order_by(School.name)))


async def _contacts(session: AsyncSession, agreement: Agreement) -> dict[Side, ContactView]:
    ids = {Side.SCHOOL: agreement.school_contact_id, Side.PARTNER: agreement.partner_contact_id}
    rows = await session.exec(select(Person).where(col(Person.id).in_([id for id in ids.values() if id])))
    people = {person.id: person for person in rows}
    return {side: _contact(agreement, side, id, people.get(id) if id else None) for side, id in ids.items()}


def _contact(agreement: Agreement, side: Side, id: UUID | None, person: Person | None) -> ContactView:
    if id is None:
        return ContactView(id=None, name="", here=False)
    if person is None:
        return ContactView(id=id, name="Somebody who left", here=False)
    at_school = person.is_district or agreement.school_id in person.school_ids
    works = agreement.organization_id in person.organization_ids if side is Side.PARTNER else at_school
    return ContactView(id=id, name=person.name, here=person.active and works)


async def follower_of(session: AsyncSession, agreement_id: UUID) -> Agreement | None:
    """The agreement that renews this one, or is to."""
    found = select(Agreement).where(Agreement.renews_id == agreement_id, col(Agreement.state).not_in(GIVEN_UP))
    return (await session.exec(found)).first()


async def text_with_signatures(
    session: AsyncSession, agreement_id: UUID, number: int, *, actor: Actor
) -> tuple[Edition, Sequence[Signature]]:
    """One text that was fixed, and its signatures."""
    await agreement_view(session, agreement_id, actor=actor)
    text = await session.get(Edition, (agreement_id, number))
    if text is None or text.text is None:
        raise not_found("text")
    signatures = await session.exec(
        select(Signature)
        .where(
            Signature.agreement_id == agreement_id,
            Signature.edition == number,
            col(Signature.void_at).is_(None),
        )
        .order_by(col(Signature.at))
    )
    return text, signatures.all()


async def attachment(session: AsyncSession, agreement_id: UUID, sha256: str, *, actor: Actor) -> AttachmentTerms:
    """A file that any text of an agreement names, for whoever may read the agreement."""
    texts = (await agreement_view(session, agreement_id, actor=actor)).texts
    found = next((one for text in texts for one in text.terms.attachments if one.sha256 == sha256), None)
    if found is None:
        raise not_found("attachment")
    return found


async def agreement_history(session: AsyncSession, agreement_id: UUID) -> Sequence[AgreementEntry]:
    """What happened to an agreement, newest first."""
    rows = select(AgreementEntry).where(AgreementEntry.agreement_id == agreement_id)
    return (await session.exec(rows.order_by(col(AgreementEntry.id).desc()))).all()


async def is_first_in_force(session: AsyncSession) -> bool:
    """Whether no agreement was ever in force here: then programs take referrals without one."""
    found = select(Agreement.id).where(
        col(Agreement.concluded_at).is_not(None), col(Agreement.state) != AgreementState.UPCOMING
    )
    return (await session.exec(found.limit(1))).first() is None
