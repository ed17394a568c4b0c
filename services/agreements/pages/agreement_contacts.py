"""Somebody leaves: put another person in the place of a contact, everywhere at once."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import agreement_words, commands, queries
from services.agreements.access import Staff
from services.agreements.pages.agreements import who
from services.agreements.pages.show import form_again, show
from services.agreements.queries import AgreementSearch, Blank
from services.agreements.rules import not_found
from shared.identity import Actor
from shared.refusals import Refusal
from shared.web import Transaction, see_other

router = APIRouter(prefix="/agreements/agreement-contacts", include_in_schema=False)

NOBODY = UUID(int=0)
"""Nobody was chosen."""


@router.get("/{person_id}")
async def replace(request: Request, actor: Staff, session: Transaction, person_id: UUID) -> HTMLResponse:
    """Whose place it is, and who could take it."""
    return show(request, actor, "agreement_contacts.html", **await _context(session, actor, person_id))


@router.post("/{person_id}")
async def replaced(
    request: Request,
    actor: Staff,
    session: Transaction,
    person_id: UUID,
    successor_id: Annotated[UUID | None, Blank, Form()] = None,
) -> Response:
    """Put the other person in all these places."""
    try:
        taken = await commands.replace_contact(
            session, leaver_id=person_id, successor_id=successor_id or NOBODY, **who(request, actor)
        )
    except Refusal as refusal:
        if not refusal.fields:
            raise
        context = await _context(session, actor, person_id)
        return form_again(request, actor, "agreement_contacts.html", refusal, **context)
    return see_other(f"/agreements/agreements?contact={successor_id}&meetings={taken.meetings}&tasks={taken.tasks}")


async def _context(session: AsyncSession, actor: Actor, person_id: UUID) -> dict[str, Any]:
    search = AgreementSearch(contact=person_id)
    found, total = await queries.find_agreements(session, search, actor=actor)
    if not total:
        raise not_found("contact")
    names = await queries.person_names(session, [person_id])
    people: dict[UUID, str] = {}
    for one in found:
        if one.partner_contact_id == person_id:
            people |= {p.id: p.name for p in await queries.people_of(session, organization_id=one.organization_id)}
        if one.school_contact_id == person_id and one.school_id:
            people |= {p.id: p.name for p in await queries.people_of(session, school_id=one.school_id)}
        elif one.school_contact_id == person_id:
            people |= {p.id: p.name for p in await queries.people_of(session, district=True)}
    people.pop(person_id, None)
    return {
        "person_id": person_id,
        "name": names[person_id],
        "agreements": found,
        "people": sorted(people.items(), key=lambda item: item[1]),
        "said": agreement_words,
    }
