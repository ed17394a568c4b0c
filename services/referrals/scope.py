"""Which rows somebody may see, and on whose behalf somebody may move a referral."""

from collections.abc import Sequence

import structlog
from sqlalchemy import ColumnElement, and_, exists, false, or_, true
from sqlalchemy.orm import aliased
from sqlmodel import col

from services.referrals.models import Attempt, Person, Referral
from services.referrals.rules import LIVE, AttemptState, Mover, Standing
from shared.identity import Actor
from shared.refusals import Kind, Refusal
from shared.translations import mark

log = structlog.get_logger()

Before = aliased(Attempt, name="before")
"""Under a name of its own: the query around it may read attempts too."""

NOT_FOUND = {
    "referral": mark(
        "There is no such referral, or it is not yours to see. Check the address, or go back to your list."
    ),
    "student": "There is no such student, or it is not yours to see. Check the address, or go back to your list.",
}
"""Families may come upon the first."""

UNSEEN = (AttemptState.QUEUED, AttemptState.SKIPPED)
"""Attempts that their partner never got to see."""


def live_of(attempts: Sequence[Attempt]) -> Attempt | None:
    """The attempt that a partner has in hand."""
    return next((attempt for attempt in attempts if attempt.state in LIVE), None)


def own_of(attempts: Sequence[Attempt], actor: Actor) -> Attempt | None:
    """The newest attempt that came before the actor's organizations."""
    own = [a for a in attempts if a.organization_id in actor.organization_ids and a.state not in UNSEEN]
    return max(own, key=lambda attempt: (attempt.state in LIVE, attempt.position), default=None)


def standings(
    referral: Referral, attempts: Sequence[Attempt], actor: Actor, *, by_phone: bool
) -> dict[Mover, Standing]:
    """Where the referral stands for each part that the actor plays in it; empty: it is none of theirs.

    `by_phone`: the partner that has it in hand cannot answer here, so the school side may record its answer.
    """
    if actor.only is not None and actor.only != referral.id:
        return {}
    live = live_of(attempts)
    whole = Standing(referral.state, live.state if live else None)
    found: dict[Mover, Standing] = {}
    if referral.school_id in actor.school_ids:
        found[Mover.SCHOOL] = whole
    if actor.is_district:
        found[Mover.DISTRICT] = whole
    if by_phone and found:
        found[Mover.CALLER] = whole
    if own := own_of(attempts, actor):
        found[Mover.PARTNER] = Standing(referral.state, own.state)
    if referral.student_id in actor.student_ids:
        found[Mover.FAMILY] = whole
    return found


def seen_referrals(actor: Actor) -> ColumnElement[bool]:
    """The referrals that staff may see: of their schools, those that came before their organizations, or all."""
    if actor.is_district:
        return true()
    before_us = exists().where(
        and_(
            col(Before.referral_id) == col(Referral.id),
            col(Before.organization_id).in_(actor.organization_ids),
            col(Before.state).not_in(UNSEEN),
        )
    )
    of_ours = col(Referral.school_id).in_(actor.school_ids)
    return or_(of_ours if actor.school_ids else false(), before_us if actor.organization_ids else false())


def seen_students(actor: Actor) -> ColumnElement[bool]:
    """The students that school staff may see."""
    at_school = col(Person.school_id).is_not(None)
    return at_school if actor.is_district else col(Person.school_id).in_(actor.school_ids)


def not_found(thing: str, id: object, actor: Actor) -> Refusal:
    """As if it did not exist; the log knows who asked."""
    log.warning("not_theirs_or_not_there", thing=thing, id=str(id), actor=str(actor))
    return Refusal(Kind.NOT_FOUND, f"no_such_{thing}", NOT_FOUND[thing])
