"""What the commands about a partner's life share: loading it, its timeline, and whether its programs take referrals."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.common import state_of
from services.agreements.commands.todos import To, close_todos, for_district, for_organization, open_todo
from services.agreements.models import Organization, PartnerChange, Program, Registration
from services.agreements.rules import not_found, who
from services.agreements.rules.partners import tends
from services.agreements.rules.standing import Halt, halt_of, next_due
from services.agreements.rules.vetting import Mover, PartnerStatus, Review
from shared.events.agreements import OrganizationHalted, OrganizationResumed
from shared.events.base import Fact
from shared.events.vocabulary import TodoKind
from shared.identity.actor import Actor
from shared.messaging import emit_many
from shared.refusals import Kind, Refusal


async def tended(session: AsyncSession, organization_id: UUID, actor: Actor) -> Organization:
    """A partner whose vetting the actor may see, locked: the district, its own people, and who registers it."""
    found = await session.get(Organization, organization_id, with_for_update=True, populate_existing=True)
    if found is None or not tends(actor, found.id, _registrant(found)):
        raise not_found("partner")
    return found


def _registrant(organization: Organization) -> UUID | None:
    """Who registers it, as long as it is being registered; afterwards only roles count."""
    return organization.registrant_id if organization.status is PartnerStatus.REGISTERING else None


def mover(actor: Actor) -> Mover:
    """As whom somebody moves a partner."""
    return Mover.DISTRICT if actor.is_district else Mover.PARTNER


def check_version(organization: Organization, version: int) -> None:
    """Refuse what was decided on a state of the partner that is not the newest."""
    if organization.version != version:
        said = (
            f"{organization.changed_by_label} changed something after you opened this page. "
            "Nothing of yours was saved. Look at it again, then decide."
        )
        raise Refusal(Kind.CONFLICT, "stale_version", said)


def touch_partner(organization: Organization, *, actor: Actor, now: datetime) -> None:
    """Count a change and say whose it is."""
    organization.version += 1
    organization.changed_at, organization.changed_by = now, str(actor)
    organization.changed_by_label = who(actor, organization.name)


def note_partner(
    organization: Organization,
    what: str,
    *,
    actor: Actor,
    now: datetime,
    codes: Sequence[str] = (),
    words: str = "",
) -> PartnerChange:
    """A line of the partner's timeline."""
    by = who(actor, organization.name)
    return PartnerChange(
        organization_id=organization.id, at=now, by_label=by, what=what, codes=list(codes), words=words
    )


async def told_by(session: AsyncSession, organization: Organization) -> Registration:
    """What the partner tells of itself; empty where it told nothing yet."""
    found = await session.get(Registration, organization.id)
    if found is None:
        found = Registration(organization_id=organization.id)
        session.add(found)
    return found


async def hand_on(session: AsyncSession, organization: Organization, *, actor: Actor, now: datetime) -> None:
    """Say whose turn it is: the district's while something waits for its review, the partner's while it is asked."""
    id = organization.id
    for kind in (TodoKind.REGISTRATION_REVIEW, TodoKind.REGISTRATION_QUESTIONS):
        await close_todos(session, id, kind=kind, actor=actor, now=now)
    if organization.review is Review.WAITING:
        await close_todos(session, id, kind=TodoKind.RECERTIFICATION, actor=actor, now=now)
        await _wait(session, TodoKind.REGISTRATION_REVIEW, id, for_district(), actor, now)
    elif organization.review is Review.ASKED:
        await _wait(session, TodoKind.REGISTRATION_QUESTIONS, id, for_organization(id), actor, now)


async def _wait(session: AsyncSession, kind: TodoKind, id: UUID, to: To, actor: Actor, now: datetime) -> None:
    await open_todo(session, kind, id, to=to, organization_id=id, actor=actor, now=now)


async def settle(
    session: AsyncSession, organization: Organization, *, actor: Actor, now: datetime, zone: ZoneInfo
) -> None:
    """Publish whether the partner's programs take new referrals, where that changed; plan the next look at it.

    What came due since the last look is left for the next one, which is then at once.
    """
    organization.looked_at = organization.looked_at or now
    organization.look_at = next_due(organization.ends, organization.looked_at, zone)
    halt = halt_of(organization.status, organization.ends, now.astimezone(zone).date())
    if halt == organization.halt:
        return
    before, organization.halt = organization.halt, halt
    programs = await programs_of(session, organization.id)
    facts: list[Fact] = [state_of(program, organization) for program in programs]
    # Who was not approved yet has nothing to stop, and hears of the approval itself.
    if halt not in (None, Halt.NOT_APPROVED):
        facts.append(OrganizationHalted(organization_id=organization.id, halt=halt))
    elif before not in (None, Halt.NOT_APPROVED):
        facts.append(OrganizationResumed(organization_id=organization.id))
    await emit_many(session, facts, actor=actor, now=now)


async def programs_of(session: AsyncSession, organization_id: UUID) -> Sequence[Program]:
    """All programs of a partner, locked in the order in which everybody locks them."""
    found = select(Program).where(Program.organization_id == organization_id).order_by(col(Program.name_key))
    return (await session.exec(found.with_for_update())).all()
