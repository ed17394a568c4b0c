"""Two organizations that are one: what belongs to the one goes over to the other, on the record."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, exists, or_, update
from sqlalchemy import Table as SqlTable
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.agreements.coverage import retell_coverage
from services.agreements.commands.common import state_of
from services.agreements.commands.expiry import ask_for_renewal
from services.agreements.commands.organizations import put_identity
from services.agreements.commands.partners import (
    check_version,
    mover,
    note_partner,
    programs_of,
    settle,
    told_by,
    touch_partner,
)
from services.agreements.commands.reviews import hand_over_reviews
from services.agreements.commands.todos import To, close_todos, for_organization, open_todo
from services.agreements.commands.vetting import recount_ends
from services.agreements.models import Organization, Person, Program, Registration, Table, Todo
from services.agreements.rules import not_found
from services.agreements.rules.vetting import LISTED, PartnerStatus, Verb, decide
from shared.events.agreements import OrganizationMerged
from shared.identity.actor import Actor
from shared.messaging import emit, emit_many
from shared.refusals import Kind, Refusal

STAYS = frozenset({"registration", "criterion_rating", "partner_change", "review"})
"""Tables whose rows tell of the old organization and stay its record; reviews do where both have the same one."""


async def merge_organizations(
    session: AsyncSession, organization_id: UUID, into_id: UUID, *, version: int, actor: Actor, now: datetime,
    zone: ZoneInfo,
) -> Organization:  # fmt: skip
    """Merge an organization into another one, which is returned; once more gives the same.

    Programs, documents, agreements and all else that names it goes over. Refuses where both have the same program.
    """
    gone, into = await _pair(session, organization_id, into_id)
    if gone.merged_into == into.id:
        return into
    check_version(gone, version)
    _refuse_direction(gone, into)
    after = decide(gone.standing, Verb.MERGE, mover(actor))
    programs, staff = await programs_of(session, gone.id), await _people_of(session, gone.id)
    _refuse_same(programs, await programs_of(session, into.id))
    await _hand_over_todos(session, gone, into, actor, now)
    await _hand_over(session, gone, into)
    await retell_coverage(session, [gone.id, into.id], actor=actor, now=now)
    await _fill_blanks(session, gone, into)
    gone.status, gone.review = after
    gone.merged_into, gone.registrant_id = into.id, None
    for organization, other in ((gone, into), (into, gone)):
        touch_partner(organization, actor=actor, now=now)
        what = "merged" if organization is gone else "took_over"
        session.add(note_partner(organization, what, actor=actor, now=now, words=other.name))
    merged = OrganizationMerged(organization_id=gone.id, into_id=into.id, person_ids=staff)
    await emit(session, merged, actor=actor, now=now)
    for program in programs:
        await session.refresh(program)
    await emit_many(session, [state_of(program, into) for program in programs], actor=actor, now=now)
    await recount_ends(session, into)
    await ask_for_renewal(session, into, actor=actor, now=now, zone=zone)
    for organization in (gone, into):
        await settle(session, organization, actor=actor, now=now, zone=zone)
    return into


async def _pair(session: AsyncSession, organization_id: UUID, into_id: UUID) -> tuple[Organization, Organization]:
    """Both, locked in the order of their ids, so that two merges at once do not wait for each other for ever."""
    wanted = select(Organization).where(col(Organization.id).in_([organization_id, into_id]))
    rows = await session.exec(wanted.order_by(col(Organization.id)).with_for_update())
    found = {row.id: row for row in rows}
    if organization_id not in found or into_id not in found:
        raise not_found("partner")
    return found[organization_id], found[into_id]


def _refuse_direction(gone: Organization, into: Organization) -> None:
    if gone.id == into.id or into.status is PartnerStatus.MERGED:
        said = "Choose another partner: this one cannot take it over."
        raise Refusal(Kind.CONFLICT, "merge_not_possible", said)
    if gone.status in LISTED and into.status not in LISTED:
        said = "The one that is not approved goes into the one that is. Merge them the other way round."
        raise Refusal(Kind.CONFLICT, "merge_wrong_way", said)


def _refuse_same(ours: Sequence[Program], theirs: Sequence[Program]) -> None:
    places = {(program.name_key, program.site_key) for program in theirs}
    same = [program.name for program in ours if (program.name_key, program.site_key) in places]
    if same:
        said = f"Both have the program {', '.join(same[:5])}. Give one of the two another name first, or close it."
        raise Refusal(Kind.CONFLICT, "same_programs", said)


async def _people_of(session: AsyncSession, organization_id: UUID) -> tuple[UUID, ...]:
    """Who works for a partner."""
    people = select(Person.id).where(col(Person.organization_ids).contains([organization_id]), col(Person.active))
    return tuple(await session.exec(people.order_by(col(Person.id))))


async def _hand_over(session: AsyncSession, gone: Organization, into: Organization) -> None:
    """Everything of this service that names the old organization names the new one, whatever it is.

    What both have and there can be only once (the review of a year with a school) stays with the old one, as record.
    """
    await session.flush()
    await hand_over_reviews(session, gone.id, into.id)
    for table in Table.metadata.sorted_tables:
        if "organization_id" in table.columns and table.name not in STAYS:
            ours = table.columns["organization_id"] == gone.id
            moved = update(table).where(ours, *_not_there_yet(table, into.id))
            await session.execute(moved.values(organization_id=into.id))


def _not_there_yet(table: SqlTable, into_id: UUID) -> list[ColumnElement[bool]]:
    """For each unique index with the organization: the new one has no row that is the same in all else."""
    other = table.alias()
    return [
        ~exists().where(
            other.c["organization_id"] == into_id,
            *(other.c[c.name].is_not_distinct_from(c) for c in index.columns if c.name != "organization_id"),
        )
        for index in table.indexes
        if index.unique and "organization_id" in index.columns and not index.dialect_options["postgresql"]["where"]
    ]


async def _hand_over_todos(
    session: AsyncSession, gone: Organization, into: Organization, actor: Actor, now: datetime
) -> None:
    """What waited about the old organization is over; what waited for it, or with it, waits for the new one."""
    await close_todos(session, gone.id, actor=actor, now=now)
    named = or_(col(Todo.organization_id) == gone.id, col(Todo.audience_id) == gone.id)
    for todo in (await session.exec(select(Todo).where(named, col(Todo.closed_at).is_(None)))).all():
        before = To(todo.audience, todo.audience_id)
        await close_todos(session, todo.about_id, kind=todo.kind, to=before, actor=actor, now=now)
        await open_todo(
            session,
            todo.kind,
            todo.about_id,
            to=for_organization(into.id) if todo.audience_id == gone.id else before,
            school_id=todo.school_id,
            organization_id=into.id,
            due_on=todo.due_on,
            actor=actor,
            now=now,
        )


async def _fill_blanks(session: AsyncSession, gone: Organization, into: Organization) -> None:
    """What the remaining one does not tell, the other one tells."""
    put_identity(into, {name: getattr(into, name) or getattr(gone, name) for name in ("tax_id", "address", "website")})
    theirs, ours = await told_by(session, gone), await told_by(session, into)
    for name in Registration.model_fields:
        if name != "organization_id" and not getattr(ours, name):
            setattr(ours, name, getattr(theirs, name))
