"""A partner registers: it starts, tells who it is and what it offers, saves and returns, sends it."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.common import unique
from services.agreements.commands.organizations import put_identity, refuse_duplicates, refuse_taken, taken
from services.agreements.commands.partners import (
    check_version,
    hand_on,
    mover,
    note_partner,
    tended,
    told_by,
    touch_partner,
)
from services.agreements.models import Document, Organization, Registration
from services.agreements.rules import organization_name, who
from services.agreements.rules.documents import DocumentKind
from services.agreements.rules.registration import (
    Identity,
    RegistrationEntry,
    RegistrationValues,
    check_complete,
    check_few_open,
    valid_identity,
    valid_registration,
)
from services.agreements.rules.standing import Halt
from services.agreements.rules.vetting import PartnerStatus, Review, Verb, decide
from services.agreements.words import name_key
from shared.events.agreements import (
    OrganizationDetailed,
    OrganizationRegistered,
    RegistrationStarted,
    RegistrationSubmitted,
)
from shared.identity.actor import Actor
from shared.messaging import emit
from shared.refusals import Kind, Refusal

OURS = ("tax_id", "address", "website")
"""Details that stand with the organization itself; the rest stands in its registration."""


async def start_registration(
    session: AsyncSession, *, organization_id: UUID, identity: Identity, sure: bool, actor: Actor, now: datetime
) -> Organization:
    """Begin to register an organization; the same id again gives the one that was begun.

    Refuses where it may be there already (`duplicates_found`), unless somebody looked at those and is `sure`.
    """
    known = await session.get(Organization, organization_id)
    if known is not None:
        return await tended(session, known.id, actor)
    if actor.person_id is None:
        raise Refusal(Kind.FORBIDDEN, "nobody", "Sign in to register an organization.")
    check_few_open(await _open_of(session, actor.person_id))
    name, values = organization_name(identity.name), valid_identity(identity)
    await refuse_taken(session, name, organization_id)
    organization = _started(organization_id, name, actor, now)
    put_identity(organization, values)
    if not sure:
        await refuse_duplicates(session, organization)
    async with unique(session, taken(name)):
        session.add(organization)
    session.add(note_partner(organization, "started", actor=actor, now=now))
    registered = OrganizationRegistered(organization_id=organization_id, name=name)
    started = RegistrationStarted(organization_id=organization_id, person_id=actor.person_id)
    await emit(session, registered, started, actor=actor, now=now)
    return organization


def _started(organization_id: UUID, name: str, actor: Actor, now: datetime) -> Organization:
    return Organization(
        id=organization_id,
        name=name,
        name_key=name_key(name),
        status=PartnerStatus.REGISTERING,
        review=Review.DRAFT,
        halt=Halt.NOT_APPROVED,
        registrant_id=actor.person_id,
        registered_at=now,
        changed_at=now,
        changed_by=str(actor),
        changed_by_label=who(actor, name),
    )


async def _open_of(session: AsyncSession, person_id: UUID) -> Collection[UUID]:
    mine = select(Organization.id).where(Organization.registrant_id == person_id)
    return (await session.exec(mine.where(Organization.status == PartnerStatus.REGISTERING))).all()


async def save_registration(
    session: AsyncSession,
    organization_id: UUID,
    *,
    version: int,
    entry: RegistrationEntry,
    country: str,
    actor: Actor,
    now: datetime,
) -> Organization:
    """Keep what a partner tells, complete or not; to say what stands there already changes nothing."""
    organization = await tended(session, organization_id, actor)
    values = valid_registration(entry, country)
    registration = await told_by(session, organization)
    fields = tuple(name for name, value in values if _plain(value) != _told(organization, registration, name))
    if not fields:
        return organization
    check_version(organization, version)
    for name in set(fields) - set(OURS):
        setattr(registration, name, _plain(getattr(values, name)))
    put_identity(organization, {name: getattr(values, name) for name in OURS})
    touch_partner(organization, actor=actor, now=now)
    fact = OrganizationDetailed(organization_id=organization_id, fields=fields)
    await emit(session, fact, actor=actor, now=now)
    return organization


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _told(organization: Organization, registration: Registration, name: str) -> object:
    return getattr(organization if name in OURS else registration, name)


def values_told(organization: Organization, registration: Registration) -> RegistrationValues:
    """What a partner tells, as a plain value."""
    told = {name: _told(organization, registration, name) for name in RegistrationValues.model_fields}
    return RegistrationValues.model_validate(told)


async def submit_registration(
    session: AsyncSession, organization_id: UUID, *, version: int, actor: Actor, now: datetime, zone: ZoneInfo
) -> Organization:
    """Put it before the district; refuses what is not complete, saying all that is missing."""
    organization = await tended(session, organization_id, actor)
    if organization.review is Review.WAITING and organization.changed_by == str(actor):
        return organization
    check_version(organization, version)
    before = organization.standing
    after = decide(before, Verb.SUBMIT, mover(actor))
    registration = await told_by(session, organization)
    valid = await _valid_kinds(session, organization_id, now.astimezone(zone).date())
    check_complete(values_told(organization, registration), valid)
    if before.review is not Review.ASKED and organization.submitted_at is not None:
        organization.round += 1
    organization.status, organization.review = after
    organization.submitted_at = now
    touch_partner(organization, actor=actor, now=now)
    session.add(note_partner(organization, Verb.SUBMIT, actor=actor, now=now))
    fact = RegistrationSubmitted(organization_id=organization_id, status=after.status.value)
    await emit(session, fact, actor=actor, now=now)
    await hand_on(session, organization, actor=actor, now=now)
    return organization


async def _valid_kinds(session: AsyncSession, organization_id: UUID, today: date) -> set[DocumentKind]:
    """Kinds of which there is a document that has not run out."""
    runs_on = or_(col(Document.until).is_(None), col(Document.until) >= today)
    kinds = select(Document.kind).where(Document.organization_id == organization_id, runs_on)
    return {DocumentKind(kind) for kind in await session.exec(kinds)}
