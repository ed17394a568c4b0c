"""A page of this service, with the words for codes that its templates use."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from services.agreements import directory_words, labels, partner_labels
from services.agreements.access import is_staff
from services.agreements.rules import keeps
from services.agreements.settings import settings_of
from shared.identity import Actor
from shared.refusals import Refusal
from shared.web import page


def show(request: Request, actor: Actor | None, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """The page; families and people not signed in get it in their language and in large type, unless it says not."""
    return page(
        request,
        actor,
        template,
        status=status,
        for_families=context.pop("for_families", not is_staff(actor)),
        words=labels,
        says=directory_words,
        halts=partner_labels.HALT_LABELS,
        currency=settings_of(request).currency,
        miles=settings_of(request).distances == "miles",
        is_staff=is_staff(actor),
        keeps=lambda organization_id: keeps(actor, organization_id),
        **context,
    )


def form_again(request: Request, actor: Actor, template: str, refusal: Refusal, **context: Any) -> HTMLResponse:
    """The form once more, with what was entered and what is wrong with it."""
    return show(request, actor, template, status=int(refusal.kind), refusal=refusal, **context)
