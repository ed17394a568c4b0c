"""Partner organizations: the list, one of them with its programs, and the form that registers or renames one."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field

from services.agreements import agreement_words, commands, meeting_words, partner_labels, queries
from services.agreements.pages.show import form_again, show
from services.agreements.queries import Blank, PartnerFilter, ProgramSearch
from services.agreements.queries.together import together_with
from services.agreements.rules import keeps
from services.agreements.rules.registration import Identity
from services.agreements.rules.vetting import LISTED
from services.agreements.settings import settings_of
from shared.clock import new_id, utc_now
from shared.identity import District, SignedIn
from shared.refusals import Refusal
from shared.web import Page, Transaction, see_other

router = APIRouter(prefix="/agreements", include_in_schema=False)


STANDS = [
    (PartnerFilter.REVIEW, "Wait for review"),
    (PartnerFilter.REGISTERING, "Registering"),
    (PartnerFilter.APPROVED, "Approved"),
    (PartnerFilter.HALTED, "Take no new referrals"),
    (PartnerFilter.SUSPENDED, "Suspended"),
    (PartnerFilter.DECLINED, "Declined"),
    (PartnerFilter.MERGED, "Merged"),
]


class PartnerForm(Identity):
    """A partner as the district enters it; `id` is made with the form, so that sending it twice enters one partner."""

    id: UUID = Field(default_factory=new_id)
    version: int = 1
    sure: bool = False


@router.get("/partners")
async def partners(
    request: Request,
    actor: SignedIn,
    session: Transaction,
    paging: Page,
    q: Annotated[str, Query(max_length=200)] = "",
    stand: Annotated[PartnerFilter | None, Blank, Query()] = None,
) -> HTMLResponse:
    """The list of partners; the district finds those that wait for it by where they stand."""
    stand = stand if actor.is_district else None
    found, total = await queries.find_organizations(
        session, q, offset=paging.offset, limit=paging.limit, stand=stand, seen_by=actor
    )
    return show(
        request,
        actor,
        "partners.html",
        organizations=found,
        total=total,
        paging=paging,
        q=q,
        stand=stand,
        stands=STANDS,
        labels=partner_labels,
    )


@router.get("/partners/new")
async def new_partner(request: Request, actor: District) -> HTMLResponse:
    """The empty form."""
    return show(request, actor, "partner_form.html", form=PartnerForm(), partner=None)


@router.post("/partners")
async def register_partner(
    request: Request, actor: District, session: Transaction, form: Annotated[PartnerForm, Form()]
) -> Response:
    """Register a partner."""
    try:
        added = await commands.register_organization(
            session, organization_id=form.id, identity=form, sure=form.sure, actor=actor, now=utc_now()
        )
    except Refusal as refusal:
        doubtful = refusal.code == "duplicates_found"
        found = await commands.duplicates_of(session, form, actor=actor) if doubtful else []
        context = {"form": form, "partner": None, "duplicates": found}
        return form_again(request, actor, "partner_form.html", refusal, **context)
    return see_other(f"/agreements/partners/{added.id}?done=added")


@router.get("/partners/{organization_id}")
async def partner(
    request: Request, actor: SignedIn, session: Transaction, organization_id: UUID, paging: Page, done: str = ""
) -> Response:
    """A partner with its programs, and for those who work with it with what they have together; one that was merged
    leads to where it went.
    """
    found = await queries.organization_view(session, organization_id, actor)
    if found.merged_into and not actor.is_district:
        return see_other(f"/agreements/partners/{found.merged_into}")
    search = ProgramSearch(organization=organization_id, status="any", sort="name")
    theirs = await queries.find_programs(session, search, offset=paging.offset, limit=paging.limit)
    works_with = found.status in LISTED and (actor.is_district or actor.school_ids or keeps(actor, organization_id))
    now = utc_now()
    today = now.astimezone(settings_of(request).zone).date()
    return show(
        request,
        actor,
        "partner.html",
        partner=found,
        programs=theirs.programs,
        total=theirs.total,
        paging=paging,
        done=done,
        labels=partner_labels,
        together=await together_with(session, organization_id, actor, today=today, now=now) if works_with else None,
        said=agreement_words,
        meets=meeting_words,
    )


@router.get("/partners/{organization_id}/edit")
async def edit_partner(request: Request, actor: District, session: Transaction, organization_id: UUID) -> HTMLResponse:
    """The form with the partner's name."""
    found = await queries.organization_view(session, organization_id)
    form = PartnerForm(id=found.id, name=found.name, version=found.version)
    return show(request, actor, "partner_form.html", form=form, partner=found)


@router.post("/partners/{organization_id}")
async def rename_partner(
    request: Request,
    actor: District,
    session: Transaction,
    organization_id: UUID,
    form: Annotated[PartnerForm, Form()],
) -> Response:
    """Give a partner another name."""
    try:
        await commands.rename_organization(
            session, organization_id, name=form.name, version=form.version, actor=actor, now=utc_now()
        )
    except Refusal as refusal:
        if not refusal.fields:
            raise
        found = await queries.organization_view(session, organization_id)
        if refusal.code == "stale_version":
            form.version = found.version
        return form_again(request, actor, "partner_form.html", refusal, form=form, partner=found)
    return see_other(f"/agreements/partners/{organization_id}?done=renamed")
