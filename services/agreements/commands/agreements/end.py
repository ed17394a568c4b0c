"""How an agreement ends or goes on: ended early with a reason, or renewed with last year's content."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.agreements.case import begin, checked_words, in_hand, load, note, tell
from services.agreements.commands.agreements.contacts import ask_for_contacts
from services.agreements.commands.agreements.coverage import tell_coverage
from services.agreements.commands.agreements.draft import add_first_text, new_agreement
from services.agreements.commands.agreements.waiting import done, look_at_ends, wait_for
from services.agreements.looking_back import MOST, in_words
from services.agreements.models import Agreement, Edition, Goal, Measurement
from services.agreements.queries.agreements import follower_of
from services.agreements.queries.looking_back import looks_back
from services.agreements.rules.agreements import IN_FORCE, AgreementState, Verb
from services.agreements.rules.calendar import a_term_on
from services.agreements.rules.terms import EndReason, Terms
from shared.events.agreements import AgreementDrafted, AgreementTerminated
from shared.events.vocabulary import TodoKind
from shared.identity.actor import Actor
from shared.refusals import Kind, Refusal

LONGEST_WORDS = 2000


async def terminate_agreement(
    session: AsyncSession,
    agreement_id: UUID,
    *,
    version: int,
    reason: str,
    words: str,
    actor: Actor,
    now: datetime,
    zone: tzinfo,
) -> Agreement:
    """End a signed agreement today, with the reason: it covers nothing from now on."""
    case = await load(session, agreement_id, actor=actor, now=now, zone=zone)
    if not await begin(session, case, Verb.TERMINATE, version):
        return case.agreement
    agreement = case.agreement
    agreement.end_reason = _reason(reason)
    said = "Say in a few words why it ends; the other side reads it."
    agreement.end_words = checked_words(words, field="words", longest=LONGEST_WORDS, required=said)
    was_in_force = agreement.state in IN_FORCE
    ended = case.fact(AgreementTerminated, side=case.side, reason=agreement.end_reason.value, on=case.today)
    case.move(Verb.TERMINATE)
    agreement.ended_at = now
    note(session, case, Verb.TERMINATE, words=agreement.end_words)
    await tell(session, case, ended)
    await done(session, case)
    await look_at_ends(session, case)
    if was_in_force:
        await tell_coverage(session, [agreement.organization_id], actor=actor, now=now)
    return agreement


def _reason(reason: str) -> EndReason:
    try:
        return EndReason(reason)
    except ValueError:
        said = "Choose the reason from the list."
        raise Refusal(Kind.INVALID, "reason_unknown", said, fields={"reason": said}) from None


async def renew_agreement(
    session: AsyncSession, agreement_id: UUID, *, successor_id: UUID, actor: Actor, now: datetime, zone: tzinfo
) -> Agreement:
    """Draft the agreement that follows this one, with its content; the one that is there is given again."""
    case = await load(session, agreement_id, actor=actor, now=now, zone=zone)
    if known := await follower_of(session, agreement_id):
        return known
    await begin(session, case, Verb.RENEW, None)
    await _make_room(session, agreement_id)
    old = case.agreement
    holds = await session.get_one(Edition, (old.id, old.edition))
    terms = Terms.model_validate(holds.terms)
    terms = a_term_on(terms, successor_id, await _measured(session, old.id))
    new = new_agreement(successor_id, old.organization_id, old.school_id, terms, actor=actor, now=now)
    new.renews_id = old.id
    new.school_contact_id, new.partner_contact_id = old.school_contact_id, old.partner_contact_id
    await add_first_text(session, new, holds.template, terms)
    note(session, case, Verb.RENEW)
    draft = await in_hand(session, new, case.mover, actor=actor, now=now, zone=zone)
    schools = {*old.school_ids, *([old.school_id] if old.school_id else [])}
    looks = await looks_back(session, old.organization_id, schools, limit=MOST)
    note(session, draft, Verb.START, words=in_words(looks))
    drafted = draft.fact(AgreementDrafted, kind=terms.kind.value, template=holds.template, renews_id=old.id)
    await tell(session, draft, drafted)
    await done(session, case, TodoKind.AGREEMENT_RENEWAL)
    await wait_for(session, draft, TodoKind.AGREEMENT_REVIEW, draft.side.other)
    await ask_for_contacts(session, [new], now=now)
    return new


async def _make_room(session: AsyncSession, agreement_id: UUID) -> None:
    """A renewal that was ended early is in nobody's place any more: one agreement at most renews another."""
    gone = update(Agreement).where(
        col(Agreement.renews_id) == agreement_id, col(Agreement.state) == AgreementState.TERMINATED
    )
    await session.execute(gone.values(renews_id=None))


async def _measured(session: AsyncSession, agreement_id: UUID) -> Mapping[UUID, float]:
    """What was measured last of each goal."""
    rows = await session.exec(
        select(Measurement.goal_id, Measurement.value)
        .join(Goal, col(Goal.id) == col(Measurement.goal_id))
        .where(Goal.agreement_id == agreement_id, col(Measurement.void_at).is_(None))
        .order_by(col(Measurement.measured_on), col(Measurement.recorded_at))
    )
    return dict(rows.all())
