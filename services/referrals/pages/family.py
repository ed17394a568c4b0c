"""Families: their child's programs in their language; signed in, or by the link of a message."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals import commands, queries
from services.referrals.commands import Making, Move
from services.referrals.edge import At, Moment, by_link
from services.referrals.pages.forms import MoveForm
from services.referrals.pages.thing import move_on_page, referral_page
from services.referrals.queries.waiting import narrowed
from services.referrals.words import phone
from shared.clock import utc_now
from shared.events.vocabulary import NEED_LABELS, RoleName
from shared.identity import Actor, Anyone, Guardian
from shared.refusals import Kind, Refusal
from shared.web import Transaction, page, see_other

router = APIRouter(prefix="/referrals", include_in_schema=False)


class FamilyForm(BaseModel):
    """A family's answer: agree, not agree, or no thanks."""

    referral: UUID
    version: int
    verb: Making


@router.get("/family")
async def family(request: Request, session: Transaction, actor: Guardian) -> HTMLResponse:
    """The programs of my children."""
    return await _page(request, session, narrowed(actor, RoleName.GUARDIAN))


@router.post("/family")
async def answer(
    request: Request, session: Transaction, actor: Guardian, at: At, form: Annotated[FamilyForm, Form()]
) -> Response:
    """The family's answer."""
    return await _answer(request, session, narrowed(actor, RoleName.GUARDIAN), at, form, "/referrals/family")


@router.get("/by-link/{token}")
async def linked(request: Request, session: Transaction, actor: Anyone, at: At, token: str) -> HTMLResponse:
    """The one referral that a link from a message is for."""
    who = await by_link(request, session, token)
    if who.has(RoleName.GUARDIAN):
        return await _page(request, session, who)
    assert who.only is not None
    return await referral_page(request, session, who, at, who.only)


@router.post("/by-link/{token}")
async def linked_move(
    request: Request, session: Transaction, actor: Anyone, at: At, token: str, form: Annotated[MoveForm, Form()]
) -> Response:
    """An answer given by link: the family's, or the partner's."""
    who = await by_link(request, session, token)
    assert who.only is not None
    if who.has(RoleName.GUARDIAN):
        meant = FamilyForm(referral=who.only, version=form.version or 0, verb=form.verb)
        return await _answer(request, session, who, at, meant, str(request.url.path))
    return await move_on_page(request, session, who, at, who.only, form, str(request.url.path))


async def _answer(
    request: Request, session: AsyncSession, actor: Actor, at: Moment, form: FamilyForm, back: str
) -> Response:
    move = Move(verb=form.verb, version=form.version)
    try:
        async with session.begin_nested():
            await commands.make_move(session, form.referral, move, actor=actor, now=at.now, calendar=at.calendar)
    except Refusal as refusal:
        if refusal.kind is not Kind.CONFLICT:
            raise
        session.expire_all()
        return await _page(request, session, actor, changed=True)
    return see_other(f"{back}?done={form.verb.value}")


async def _page(request: Request, session: AsyncSession, actor: Actor, *, changed: bool = False) -> HTMLResponse:
    """In the family's own words; a move that came too late is answered with how things are now."""
    return page(
        request,
        actor,
        "family.html",
        status=int(Kind.CONFLICT) if changed else 200,
        for_families=True,
        referrals=await queries.family_referrals(session, actor=actor, now=utc_now()),
        needs=NEED_LABELS,
        phone_words=phone,
        changed=changed,
        done=request.query_params.get("done", ""),
    )
