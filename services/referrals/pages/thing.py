"""One referral: what it is, what can be done now, what happened; by sign-in, and for partners by link."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals import commands, queries
from services.referrals.commands import Making
from services.referrals.edge import At, Moment
from services.referrals.pages.choosing import Choosing
from services.referrals.pages.forms import ChooseForm, MoveForm, rearranged
from services.referrals.pages.show import show
from services.referrals.rules import ReferralState
from shared.identity import Actor, SchoolStaff, SignedIn
from shared.refusals import Kind, Refusal
from shared.web import Transaction, see_other

router = APIRouter(prefix="/referrals", include_in_schema=False)


@router.get("/{referral_id}")
async def referral(request: Request, session: Transaction, actor: SignedIn, at: At, referral_id: UUID) -> Response:
    """A referral, as far as the reader may see it."""
    if only_a_guardian(actor):
        return see_other("/referrals/family")
    return await referral_page(request, session, actor, at, referral_id)


@router.post("/{referral_id}")
async def move(
    request: Request,
    session: Transaction,
    actor: SignedIn,
    at: At,
    referral_id: UUID,
    form: Annotated[MoveForm, Form()],
) -> Response:
    """Do something with a referral."""
    return await move_on_page(request, session, actor, at, referral_id, form, f"/referrals/{referral_id}")


@router.get("/{referral_id}/sent")
async def sent(request: Request, session: Transaction, actor: SchoolStaff, at: At, referral_id: UUID) -> HTMLResponse:
    """After sending: who was told, in which language, what happens next and when."""
    detail = await queries.referral_detail(session, referral_id, actor=actor, now=at.now)
    told = await queries.told_people(session, detail)
    return await show(request, session, actor, "sent.html", r=detail, told=told)


@router.get("/{referral_id}/choose")
async def choose(request: Request, session: Transaction, actor: SchoolStaff, at: At, referral_id: UUID) -> Response:
    """Further programs for a referral that came back."""
    detail = await queries.referral_detail(session, referral_id, actor=actor, now=at.now)
    if detail.state is not ReferralState.RETURNED:
        return see_other(f"/referrals/{referral_id}")
    return await _choose_page(request, session, actor, at, detail, ChooseForm(version=detail.version))


@router.post("/{referral_id}/choose")
async def chosen(
    request: Request,
    session: Transaction,
    actor: SchoolStaff,
    at: At,
    referral_id: UUID,
    form: Annotated[ChooseForm, Form()],
) -> Response:
    """Rearrange the choices, or send to the first of them."""
    detail = await queries.referral_detail(session, referral_id, actor=actor, now=at.now)
    try:
        form = form.model_copy(update={"program_ids": rearranged(form.program_ids, form.go)})
        if form.go == "send":
            async with session.begin_nested():
                await commands.add_choices(
                    session,
                    referral_id,
                    form.program_ids,
                    version=form.version,
                    actor=actor,
                    now=at.now,
                    calendar=at.calendar,
                )
            return see_other(f"/referrals/{referral_id}/sent")
    except Refusal as refusal:
        return await _choose_page(request, session, actor, at, detail, form, refusal)
    return await _choose_page(request, session, actor, at, detail, form)


async def _choose_page(
    request: Request,
    session: AsyncSession,
    actor: Actor,
    at: Moment,
    detail: queries.ReferralDetail,
    form: ChooseForm,
    refusal: Refusal | None = None,
) -> HTMLResponse:
    assert detail.student_id is not None
    student = await queries.student_line(session, detail.student_id, actor=actor)
    asked = {attempt.program_id for attempt in detail.attempts}
    choosing = await Choosing.of(
        session, student, detail.need, form.program_ids, at.now, whole=form.go == "more", without=asked
    )
    status = int(refusal.kind) if refusal else 200
    return await show(
        request, session, actor, "choose.html", status=status, r=detail, form=form, choosing=choosing, refusal=refusal
    )


def only_a_guardian(actor: Actor) -> bool:
    """Whether somebody has no part but that of a guardian."""
    return bool(actor.student_ids) and not (actor.school_ids or actor.organization_ids or actor.is_district)


async def referral_page(
    request: Request,
    session: AsyncSession,
    actor: Actor,
    at: Moment,
    referral_id: UUID,
    *,
    refusal: Refusal | None = None,
    form: MoveForm | None = None,
) -> HTMLResponse:
    """The referral as it is now; with what was refused, and what was entered."""
    detail = await queries.referral_detail(session, referral_id, actor=actor, now=at.now)
    status = int(refusal.kind) if refusal else 200
    blank = MoveForm(verb=Making.ACKNOWLEDGE, given_on=at.calendar.today(at.now).isoformat())
    return await show(
        request, session, actor, "referral.html", status=status, r=detail, refusal=refusal, form=form or blank
    )


async def move_on_page(
    request: Request,
    session: AsyncSession,
    actor: Actor,
    at: Moment,
    referral_id: UUID,
    form: MoveForm,
    back: str,
    again: Callable[..., Awaitable[Response]] = referral_page,
) -> Response:
    """Make the move and show the page anew; what is refused is said on it (a stranger's referral stays not found)."""
    try:
        # A refused move must leave nothing behind, though the page is rendered in the same transaction.
        async with session.begin_nested():
            await commands.make_move(session, referral_id, form.move(), actor=actor, now=at.now, calendar=at.calendar)
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        session.expire_all()
        return await again(request, session, actor, at, referral_id, refusal=refusal, form=form)
    return see_other(back)
