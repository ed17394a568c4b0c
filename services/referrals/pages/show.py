"""Rendering, as every page of this service does it."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals import queries, todo_words, words
from services.referrals.rules import Verb
from shared.events.vocabulary import NEED_LABELS
from shared.identity import Actor
from shared.web import page

FIRST_TODOS = 5
"""Of what waits in partnerships, how much the first page shows."""


async def show(
    request: Request, session: AsyncSession, actor: Actor, template: str, *, status: int = 200, **context: Any
) -> HTMLResponse:
    """A page for staff, partners or the district; `w` is what codes are called."""
    place = await queries.place_of(session, actor)
    if place:
        context["place"] = place
    needs = list(NEED_LABELS.items())
    return page(request, actor, template, status=status, w=words, todo=todo_words, needs=needs, Verb=Verb, **context)
