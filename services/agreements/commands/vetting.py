"""The district reviews a partner: rates it, asks back, approves, declines, suspends, reinstates."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.partners import (
    check_version,
    hand_on,
    mover,
    note_partner,
    settle,
    tended,
    touch_partner,
)
from services.agreements.commands.todos import close_todos
from services.agreements.models import CriterionRating, Document, Organization
from services.agreements.rules.documents import EXPIRES, DocumentKind
from services.agreements.rules.vetting import (
    CRITERIA,
    MAX_WORDS,
    DeclineCause,
    Grade,
    PartnerStatus,
    Review,
    Verb,
    check_causes,
    check_rubric,
    check_words,
    decide,
    next_certification,
)
from services.agreements.words import lines
from shared.events.agreements import (
    OrganizationApproved,
    OrganizationDeclined,
    OrganizationReinstated,
    OrganizationSuspended,
    RegistrationQuestioned,
    RegistrationRated,
)
from shared.events.base import Fact
from shared.events.vocabulary import TodoKind
from shared.identity.actor import Actor
from shared.messaging import emit
from shared.refusals import Kind, Refusal

APPROVALS = (Verb.APPROVE, Verb.APPROVE_WITH_CONDITIONS)


async def rate_partner(
    session: AsyncSession,
    organization_id: UUID,
    *,
    version: int,
    grades: Mapping[str, Grade],
    notes: Mapping[str, str],
    actor: Actor,
    now: datetime,
) -> Organization:
    """Rate a partner by criteria of the rubric, for the review that is under way; those not named stay as they are."""
    organization = await _judged(session, organization_id, actor)
    check_version(organization, version)
    if unknown := (set(grades) | set(notes)) - set(CRITERIA):
        raise Refusal(Kind.INVALID, "criterion_unknown", f"There is no criterion “{sorted(unknown)[0][:60]}”.")
    if long := [code for code, note in notes.items() if len(note) > MAX_WORDS]:
        said = f"Shorten this to at most {MAX_WORDS} characters."
        raise Refusal(Kind.INVALID, "note_too_long", said, fields={f"note_{long[0]}": said})
    for code, grade in grades.items():
        row = CriterionRating(
            organization_id=organization_id, round=organization.round, criterion=code, grade=grade,
            note=lines(notes.get(code, "")), rated_at=now,
        )  # fmt: skip
        await session.merge(row)
    touch_partner(organization, actor=actor, now=now)
    rated = RegistrationRated(organization_id=organization_id, criteria=tuple(sorted(grades)))
    await emit(session, rated, actor=actor, now=now)
    return organization


async def _judged(session: AsyncSession, organization_id: UUID, actor: Actor) -> Organization:
    organization = await tended(session, organization_id, actor)
    if not actor.is_district:
        raise Refusal(Kind.FORBIDDEN, "not_your_move", "Only the district office rates partners.")
    return organization


async def move_partner(
    session: AsyncSession,
    organization_id: UUID,
    verb: Verb,
    *,
    version: int,
    words: str = "",
    causes: tuple[DeclineCause, ...] = (),
    actor: Actor,
    now: datetime,
    zone: ZoneInfo,
) -> Organization:
    """What the district decides about a partner; the same move by the same person on the same version counts once."""
    organization = await tended(session, organization_id, actor)
    words = lines(words)
    if organization.version == version + 1 and organization.changed_by == str(actor):
        return organization
    before = organization.standing
    after = decide(before, verb, mover(actor))
    check_version(organization, version)
    check_words(verb, words)
    if verb is Verb.DECLINE:
        check_causes(causes)
    today = now.astimezone(zone).date()
    if verb in APPROVALS and before.review is Review.WAITING:
        await _certify(session, organization, verb, today, actor, now)
    organization.status, organization.review = after
    touch_partner(organization, actor=actor, now=now)
    session.add(note_partner(organization, verb, actor=actor, now=now, codes=causes, words=words))
    await emit(session, _fact(organization, verb, causes), actor=actor, now=now)
    await hand_on(session, organization, actor=actor, now=now)
    await settle(session, organization, actor=actor, now=now, zone=zone)
    return organization


async def _certify(
    session: AsyncSession, organization: Organization, verb: Verb, today: date, actor: Actor, now: datetime
) -> None:
    """An approval after a review holds for a year, and takes every document for seen."""
    rated = select(CriterionRating).where(
        CriterionRating.organization_id == organization.id, CriterionRating.round == organization.round
    )
    grades = {row.criterion: row.grade for row in await session.exec(rated)}
    check_rubric(grades, with_conditions=verb is Verb.APPROVE_WITH_CONDITIONS)
    unseen = update(Document).where(
        col(Document.organization_id) == organization.id, col(Document.accepted_at).is_(None)
    )
    await session.exec(unseen.values(accepted_at=now))
    await recount_ends(session, organization)
    for kind in (TodoKind.DOCUMENT_REVIEW, TodoKind.RECERTIFICATION):
        await close_todos(session, organization.id, kind=kind, actor=actor, now=now)
    organization.approved_on, organization.certified_until = today, next_certification(today)


async def recount_ends(session: AsyncSession, organization: Organization) -> None:
    """Until when insurance and background checks hold, by the accepted documents."""
    accepted = select(Document).where(
        Document.organization_id == organization.id, col(Document.accepted_at).is_not(None)
    )
    ends: dict[DocumentKind, date] = {}
    for document in await session.exec(accepted.execution_options(populate_existing=True)):
        if document.kind in EXPIRES and document.until is not None:
            ends[document.kind] = max(document.until, ends.get(document.kind, document.until))
    organization.insurance_until = ends.get(DocumentKind.INSURANCE)
    organization.checks_until = ends.get(DocumentKind.CHECKS)


def _fact(organization: Organization, verb: Verb, causes: tuple[DeclineCause, ...]) -> Fact:
    id = organization.id
    match verb:
        case Verb.ASK:
            return RegistrationQuestioned(organization_id=id)
        case Verb.DECLINE:
            return OrganizationDeclined(organization_id=id, reasons=tuple(cause.value for cause in causes))
        case Verb.SUSPEND:
            return OrganizationSuspended(organization_id=id)
        case Verb.REINSTATE:
            return OrganizationReinstated(organization_id=id)
        case _:
            conditional = organization.status is PartnerStatus.CONDITIONAL
            return OrganizationApproved(organization_id=id, conditional=conditional, on=organization.certified_until)
