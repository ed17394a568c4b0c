"""Reading and signing the exact text, taking it back, renewing, ending early."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel

from services.agreements import agreement_words, commands, queries
from services.agreements.access import Staff
from services.agreements.pages.agreements import one, who
from services.agreements.pages.show import form_again, show
from services.agreements.queries import Blank
from services.agreements.rules.agreements import Side, Verb
from services.agreements.rules.signing import CONSENT
from shared.refusals import Kind, Refusal
from shared.web import Page, Transaction, see_other

router = APIRouter(prefix="/agreements/agreements", include_in_schema=False)


class SignForm(BaseModel):
    """A signature as the form sends it."""

    name: str = ""
    role: str = ""
    consents: bool = False
    digest: str = ""


@router.get("/{agreement_id}/sign")
async def read(request: Request, actor: Staff, session: Transaction, agreement_id: UUID) -> HTMLResponse:
    """The exact text, and the form that signs it."""
    found = await queries.agreement_view(session, agreement_id, actor=actor)
    if found.open is None or Verb.SIGN not in found.can:
        raise Refusal(Kind.CONFLICT, "nothing_to_sign", "Nothing waits for a signature here. Look at the agreement.")
    form = SignForm(digest=found.open.digest or "")
    return show(
        request, actor, "agreement_sign.html", agreement=found, form=form, consent=CONSENT, said=agreement_words
    )


@router.post("/{agreement_id}/sign")
async def sign(
    request: Request, actor: Staff, session: Transaction, agreement_id: UUID, form: Annotated[SignForm, Form()]
) -> Response:
    """Sign for the own side."""
    try:
        signed = await commands.sign_agreement(session, agreement_id, **form.model_dump(), **who(request, actor))
    except Refusal as refusal:
        if not refusal.fields:
            raise
        found = await queries.agreement_view(session, agreement_id, actor=actor)
        context = {"agreement": found, "form": form, "consent": CONSENT, "said": agreement_words}
        return form_again(request, actor, "agreement_sign.html", refusal, **context)
    done = "signed" if signed.open_edition else "concluded"
    return see_other(f"/agreements/agreements/{agreement_id}?done={done}")


@router.post("/{agreement_id}/take-back")
async def take_back(
    request: Request,
    actor: Staff,
    session: Transaction,
    agreement_id: UUID,
    version: Annotated[int, Form()],
    words: Annotated[str, Form()] = "",
) -> RedirectResponse:
    """Make the text a draft again."""
    await commands.take_back_agreement(session, agreement_id, version=version, words=words, **who(request, actor))
    return see_other(f"/agreements/agreements/{agreement_id}?done=taken_back")


@router.post("/{agreement_id}/renew")
async def renew(
    request: Request, actor: Staff, session: Transaction, agreement_id: UUID, id: Annotated[UUID, Form()]
) -> RedirectResponse:
    """Draft the agreement that follows."""
    new = await commands.renew_agreement(session, agreement_id, successor_id=id, **who(request, actor))
    return see_other(f"/agreements/agreements/{new.id}?done=renewed")


@router.post("/{agreement_id}/terminate")
async def terminate(
    request: Request,
    actor: Staff,
    session: Transaction,
    agreement_id: UUID,
    paging: Page,
    version: Annotated[int, Form()],
    reason: Annotated[str, Form()] = "",
    words: Annotated[str, Form()] = "",
) -> Response:
    """End it today, with the reason."""
    try:
        await commands.terminate_agreement(
            session, agreement_id, version=version, reason=reason, words=words, **who(request, actor)
        )
    except Refusal as refusal:
        if not refusal.fields:
            raise
        form = {"on": "end", "reason": reason, "words": words}
        return await one(request, actor, session, agreement_id, paging, refusal=refusal, form=form)
    return see_other(f"/agreements/agreements/{agreement_id}?done=terminated")


@router.post("/{agreement_id}/contacts/{side}")
async def name_contact(
    request: Request,
    actor: Staff,
    session: Transaction,
    agreement_id: UUID,
    side: Side,
    paging: Page,
    person_id: Annotated[UUID | None, Blank, Form()] = None,
) -> Response:
    """Name a side's contact."""
    try:
        chosen = person_id or UUID(int=0)
        await commands.name_agreement_contact(session, agreement_id, side=side, person_id=chosen, **who(request, actor))
    except Refusal as refusal:
        if not refusal.fields:
            raise
        return await one(request, actor, session, agreement_id, paging, refusal=refusal)
    return see_other(f"/agreements/agreements/{agreement_id}?done=contact")
