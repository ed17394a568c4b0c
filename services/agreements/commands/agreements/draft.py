"""Drafting: start from a template, edit together, comment, give up, begin an amendment."""

from collections.abc import Collection
from datetime import datetime, tzinfo
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.agreement_templates import template_named
from services.agreements.commands.agreements.case import (
    Case,
    begin,
    checked_words,
    entries_since,
    field_named,
    in_hand,
    load,
    note,
    put_terms,
    tell,
)
from services.agreements.commands.agreements.waiting import done, look_at_ends, wait_for
from services.agreements.commands.common import active_schools
from services.agreements.models import Agreement, AgreementEntry, Edition
from services.agreements.queries.partners import organization_view
from services.agreements.rules import not_found
from services.agreements.rules.agreements import AgreementState, EditionState, Mover, Verb, mover_of
from services.agreements.rules.drafting import FieldChange, changes_between, joined
from services.agreements.rules.terms import Terms, TermsEntry, valid_terms
from services.agreements.rules.vetting import check_works_here
from shared.events.agreements import (
    AgreementChanged,
    AgreementCommented,
    AgreementDiscarded,
    AgreementDrafted,
    AmendmentStarted,
)
from shared.events.vocabulary import TodoKind
from shared.identity.actor import Actor

LONGEST_COMMENT = 2000


async def draft_agreement(
    session: AsyncSession,
    *,
    agreement_id: UUID,
    organization_id: UUID,
    school_id: UUID | None,
    template: str,
    title: str,
    starts_on: str,
    ends_on: str,
    actor: Actor,
    now: datetime,
    zone: tzinfo,
) -> Agreement:
    """Draft an agreement from a template; the same id again gives the one that is there.

    `school_id` None: the district office agrees, for every school until the text names some. Dates are ISO 8601.
    """
    if known := await session.get(Agreement, agreement_id):
        return (await load(session, known.id, actor=actor, now=now, zone=zone)).agreement
    mover = mover_of(actor, school_id, organization_id)
    if mover is None:
        raise not_found("organization")
    partner = await organization_view(session, organization_id, actor)
    check_works_here(partner.status, partner.name)
    entry = template_named(template).terms.model_copy(
        update={"title": title, "starts_on": starts_on, "ends_on": ends_on}
    )
    schools = await _coverable(session, school_id)
    terms = valid_terms(_of_school(entry, school_id), agreement_id=agreement_id, schools=schools)
    agreement = new_agreement(agreement_id, organization_id, school_id, terms, actor=actor, now=now)
    name_contact(agreement, mover, actor)
    await add_first_text(session, agreement, template, terms)
    case = await in_hand(session, agreement, mover, actor=actor, now=now, zone=zone)
    note(session, case, Verb.START)
    await tell(session, case, case.fact(AgreementDrafted, kind=terms.kind.value, template=template))
    await wait_for(session, case, TodoKind.AGREEMENT_REVIEW, case.side.other)
    return agreement


async def _coverable(session: AsyncSession, school_id: UUID | None) -> Collection[UUID]:
    """The schools that an agreement of this school, or of the district office, can cover."""
    schools = {school.id for school in await active_schools(session)}
    if school_id is None:
        return schools
    if school_id not in schools:
        raise not_found("school")
    return {school_id}


def _of_school(entry: TermsEntry, school_id: UUID | None) -> TermsEntry:
    """A school agrees for itself; the district office for those that it names."""
    return entry if school_id is None else entry.model_copy(update={"school_ids": [str(school_id)]})


def new_agreement(
    agreement_id: UUID, organization_id: UUID, school_id: UUID | None, terms: Terms, *, actor: Actor, now: datetime
) -> Agreement:
    """The row of an agreement that was not there before."""
    agreement = Agreement(
        id=agreement_id,
        organization_id=organization_id,
        school_id=school_id,
        school_ids=[],
        kind=terms.kind,
        title=terms.title,
        state=AgreementState.DRAFT,
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
        notice_days=terms.notice_days,
        version=0,
        drafted_at=now,
        changed_at=now,
        changed_by=str(actor),
    )
    put_terms(agreement, terms)
    return agreement


def name_contact(agreement: Agreement, mover: Mover, actor: Actor) -> None:
    """Who starts is the contact of the own side, until somebody else is named; the district office is not."""
    if mover is Mover.PARTNER:
        agreement.partner_contact_id = actor.person_id
    elif mover is Mover.SCHOOL or agreement.school_id is None:
        agreement.school_contact_id = actor.person_id


async def add_first_text(session: AsyncSession, agreement: Agreement, template: str, terms: Terms) -> None:
    """Write a new agreement with its first text."""
    session.add(agreement)
    await session.flush()
    session.add(new_text(agreement, 1, template, terms, agreement.drafted_at))
    await session.flush()


def new_text(agreement: Agreement, number: int, template: str, terms: Terms, now: datetime) -> Edition:
    """A text that is a draft."""
    return Edition(
        agreement_id=agreement.id,
        number=number,
        state=EditionState.DRAFT,
        template=template,
        terms=terms.model_dump(mode="json"),
        drafted_at=now,
    )


async def change_agreement(
    session: AsyncSession,
    agreement_id: UUID,
    *,
    version: int,
    entry: TermsEntry,
    actor: Actor,
    now: datetime,
    zone: tzinfo,
) -> Agreement:
    """Change the draft. What the other side changed after `version` stays, unless both changed the same field."""
    case = await load(session, agreement_id, actor=actor, now=now, zone=zone)
    await begin(session, case, Verb.EDIT, None)
    current = Terms.model_validate(case.text.terms)
    since = await _changes_since(session, case, version)
    await put_change(session, case, joined(current, since, await _checked(session, case, entry, current)))
    return case.agreement


async def put_change(session: AsyncSession, case: Case, terms: Terms) -> None:
    """Have the draft say this, in the timeline field by field; the other side is told, and has it waiting."""
    changes = changes_between(Terms.model_validate(case.text.terms), terms)
    if not changes:
        return
    case.text.terms = terms.model_dump(mode="json")
    if case.agreement.edition == 0:
        put_terms(case.agreement, terms)
    note(session, case, Verb.EDIT, changes=changes)
    fields = tuple(change.field for change in changes)
    await tell(session, case, case.fact(AgreementChanged, side=case.side, fields=fields))
    await done(session, case, TodoKind.AGREEMENT_REVIEW, case.side)
    await wait_for(session, case, TodoKind.AGREEMENT_REVIEW, case.side.other)


async def _checked(session: AsyncSession, case: Case, entry: TermsEntry, current: Terms) -> Terms:
    school_id = case.agreement.school_id
    schools = {*await _coverable(session, school_id), *current.school_ids}
    return valid_terms(
        _of_school(entry, school_id),
        agreement_id=case.agreement.id,
        schools=schools,
        goals={goal.id for goal in current.goals},
        attachments=current.attachments,
    )


async def _changes_since(session: AsyncSession, case: Case, version: int) -> list[FieldChange]:
    entries = await entries_since(session, case.agreement.id, version)
    return [FieldChange(**change) for entry in entries for change in entry.changes]


async def comment_on_agreement(
    session: AsyncSession,
    agreement_id: UUID,
    *,
    version: int,
    words: str,
    field: str | None = None,
    actor: Actor,
    now: datetime,
    zone: tzinfo,
) -> Agreement:
    """Write a comment on the whole or on one field; the same words again on the same version are one comment."""
    case = await load(session, agreement_id, actor=actor, now=now, zone=zone)
    await begin(session, case, Verb.COMMENT, None)
    kept = checked_words(words, field="words", longest=LONGEST_COMMENT, required="Write what you want to say.")
    about = field_named(field)
    there = await entries_since(session, agreement_id, version)
    if any(_same_comment(one, actor, kept) for one in there):
        return case.agreement
    note(session, case, Verb.COMMENT, words=kept, field=about)
    await tell(session, case, case.fact(AgreementCommented, side=case.side, field=about))
    await wait_for(session, case, TodoKind.AGREEMENT_REVIEW, case.side.other)
    return case.agreement


def _same_comment(entry: AgreementEntry, actor: Actor, words: str) -> bool:
    return entry.what == Verb.COMMENT and entry.actor_id == actor.person_id and entry.words == words


async def discard_draft(
    session: AsyncSession, agreement_id: UUID, *, version: int, actor: Actor, now: datetime, zone: tzinfo
) -> Agreement:
    """Give up a draft: of an agreement, or of an amendment, whose agreement goes on as it was."""
    case = await load(session, agreement_id, actor=actor, now=now, zone=zone)
    if await begin(session, case, Verb.DISCARD, version):
        discarded = case.fact(AgreementDiscarded, side=case.side)
        case.move(Verb.DISCARD)
        note(session, case, Verb.DISCARD)
        await tell(session, case, discarded)
        over = case.agreement.state is AgreementState.DISCARDED
        for kind in (None,) if over else (TodoKind.AGREEMENT_REVIEW, TodoKind.AGREEMENT_SIGN):
            await done(session, case, kind)
        await look_at_ends(session, case)
    return case.agreement


async def start_amendment(
    session: AsyncSession, agreement_id: UUID, *, version: int, actor: Actor, now: datetime, zone: tzinfo
) -> Agreement:
    """Begin a new text from the one that holds; that one holds until both have signed the new one."""
    case = await load(session, agreement_id, actor=actor, now=now, zone=zone)
    if not await begin(session, case, Verb.AMEND, version):
        return case.agreement
    holds = await session.get_one(Edition, (agreement_id, case.agreement.edition))
    number = await _next_number(session, agreement_id)
    case.open = new_text(case.agreement, number, holds.template, Terms.model_validate(holds.terms), now)
    case.agreement.open_edition = number
    session.add(case.open)
    note(session, case, Verb.AMEND)
    await tell(session, case, case.fact(AmendmentStarted, side=case.side))
    await wait_for(session, case, TodoKind.AGREEMENT_REVIEW, case.side.other)
    return case.agreement


async def _next_number(session: AsyncSession, agreement_id: UUID) -> int:
    """Texts are numbered in order; one that was given up keeps its number."""
    numbers = await session.exec(select(Edition.number).where(Edition.agreement_id == agreement_id))
    return max(numbers) + 1
