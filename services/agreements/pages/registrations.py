"""A partner registers and keeps its details: begin, tell, attach documents, send."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import Field
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands, partner_labels, queries
from services.agreements.models import PartnerChange
from services.agreements.pages.show import form_again, show
from services.agreements.queries import PartnerView
from services.agreements.rules.documents import EXPIRES, KIND_LABELS
from services.agreements.rules.registration import REQUIRED, Identity, RegistrationEntry
from services.agreements.settings import settings_of
from services.agreements.uploads import attached, document_file
from shared.clock import new_id, utc_now
from shared.identity import Actor, PartnerStaff, SignedIn
from shared.refusals import Kind, Refusal
from shared.web import Transaction, see_other

router = APIRouter(prefix="/agreements", include_in_schema=False)

Part = Literal["who", "work"]
PARTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "who": (
        "Who you are",
        ("legal_name", "tax_id", "address", "website", "contact_name", "contact_email", "contact_phone", "references"),
    ),
    "work": (
        "What you offer",
        ("about", "populations", "needs", "languages", "sites", "capacity", "offers", "evidence"),
    ),
}
"""The two forms of a registration: heading and fields."""


class StartForm(Identity):
    """An organization to register; `id` is made with the form, so that sending it twice begins one registration."""

    id: UUID = Field(default_factory=new_id)
    sure: bool = False


class DetailsForm(RegistrationEntry):
    """One of the two forms."""

    version: int = 1


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a partner's timeline."""

    at: datetime
    title: str
    words: str
    who: str
    kind: str


@router.get("/register")
async def register(request: Request, actor: SignedIn, session: Transaction) -> HTMLResponse:
    """What the person registers already, and the form for another organization."""
    return await _register(request, actor, session, StartForm())


async def _register(
    request: Request, actor: Actor, session: AsyncSession, form: StartForm, refusal: Refusal | None = None
) -> HTMLResponse:
    mine = await queries.registrations_of(session, actor.person_id) if actor.person_id else []
    doubtful = refusal is not None and refusal.code == "duplicates_found"
    found = await commands.duplicates_of(session, form, actor=actor) if doubtful else []
    status = int(refusal.kind) if refusal else 200
    return show(
        request, actor, "register.html", status=status, for_families=False, form=form, mine=mine, duplicates=found,
        refusal=refusal, labels=partner_labels,
    )  # fmt: skip


@router.post("/register")
async def start(
    request: Request, actor: SignedIn, session: Transaction, form: Annotated[StartForm, Form()]
) -> Response:
    """Begin to register an organization."""
    try:
        begun = await commands.start_registration(
            session, organization_id=form.id, identity=form, sure=form.sure, actor=actor, now=utc_now()
        )
    except Refusal as refusal:
        return await _register(request, actor, session, form, refusal)
    return see_other(f"/agreements/partners/{begun.id}/registration?done=started")


@router.get("/details")
async def our_details(request: Request, actor: PartnerStaff, session: Transaction) -> Response:
    """The details of the one organization that the person works for, or the choice of several."""
    mine, _ = await queries.find_organizations(session, only=sorted(actor.organization_ids))
    if len(mine) == 1:
        return see_other(f"/agreements/partners/{mine[0].id}/registration")
    return show(request, actor, "our_details.html", organizations=mine, labels=partner_labels)


@router.get("/partners/{organization_id}/registration")
async def registration(
    request: Request, actor: SignedIn, session: Transaction, organization_id: UUID, done: str = ""
) -> HTMLResponse:
    """What a partner told, what is missing, its documents, and where it stands."""
    return await _registration(request, actor, session, organization_id, done=done)


async def _registration(
    request: Request,
    actor: Actor,
    session: AsyncSession,
    organization_id: UUID,
    *,
    done: str = "",
    refusal: Refusal | None = None,
) -> HTMLResponse:
    partner = await view_of(request, session, organization_id, actor)
    history = await queries.partner_history(session, organization_id)
    return show(
        request,
        actor,
        "registration.html",
        status=int(refusal.kind) if refusal else 200,
        for_families=False,
        partner=partner,
        parts_left=[(name, title, _missing(partner, fields)) for name, (title, fields) in PARTS.items()],
        lacking=[words for field, words in partner.missing.items() if field not in REQUIRED],
        timeline=moments(history),
        question=next((one.words for one in history if one.what == "ask"), ""),
        verdict=next((one for one in history if one.what in VERDICTS), None),
        done=done,
        refusal=refusal,
        labels=partner_labels,
    )


VERDICTS = ("approve", "approve_with_conditions", "decline", "suspend", "reinstate")


def _missing(partner: PartnerView, fields: tuple[str, ...]) -> list[str]:
    return [partner.missing[field] for field in fields if field in partner.missing]


@router.get("/partners/{organization_id}/registration/{part}")
async def details(
    request: Request, actor: SignedIn, session: Transaction, organization_id: UUID, part: Part
) -> HTMLResponse:
    """One of the two forms, with what was saved."""
    partner = await view_of(request, session, organization_id, actor)
    return show(request, actor, "registration_form.html", **_form(partner, part, _filled(partner)))


def _filled(partner: PartnerView) -> DetailsForm:
    return DetailsForm(name=partner.name, version=partner.version, **partner.told.model_dump())


def _form(partner: PartnerView, part: str, form: DetailsForm) -> dict[str, Any]:
    heading = PARTS[part][0]
    return {"partner": partner, "part": part, "heading": heading, "form": form, "for_families": False}


@router.post("/partners/{organization_id}/registration/{part}")
async def save(
    request: Request,
    actor: SignedIn,
    session: Transaction,
    organization_id: UUID,
    part: Part,
    form: Annotated[DetailsForm, Form()],
) -> Response:
    """Keep one form as it is; the other part stays as it was saved."""
    partner = await view_of(request, session, organization_id, actor)
    entered = {name: getattr(form, name) for name in PARTS[part][1]}
    entry = _filled(partner).model_copy(update=entered | {"version": form.version})
    try:
        await commands.save_registration(
            session,
            organization_id,
            version=form.version,
            entry=entry,
            country=settings_of(request).phone_region,
            actor=actor,
            now=utc_now(),
        )
    except Refusal as refusal:
        if refusal.code == "stale_version":
            # Who has now read what changed meanwhile may save all the same.
            entry.version = partner.version
        elif not refusal.fields:
            raise
        return form_again(request, actor, "registration_form.html", refusal, **_form(partner, part, entry))
    return see_other(f"/agreements/partners/{organization_id}/registration?done=saved")


@router.post("/partners/{organization_id}/submit")
async def submit(
    request: Request, actor: SignedIn, session: Transaction, organization_id: UUID, version: Annotated[int, Form()]
) -> Response:
    """Put it before the district."""
    zone = settings_of(request).zone
    try:
        await commands.submit_registration(
            session, organization_id, version=version, actor=actor, now=utc_now(), zone=zone
        )
    except Refusal as refusal:
        if refusal.kind in (Kind.NOT_FOUND, Kind.FORBIDDEN):
            raise
        return await _registration(request, actor, session, organization_id, refusal=refusal)
    return see_other(f"/agreements/partners/{organization_id}/registration?done=sent")


@router.get("/partners/{organization_id}/documents/new")
async def choose_document(
    request: Request, actor: SignedIn, session: Transaction, organization_id: UUID, kind: str = ""
) -> HTMLResponse:
    """The form for a document."""
    return await _document_form(request, actor, session, organization_id, kind=kind)


async def _document_form(
    request: Request,
    actor: Actor,
    session: AsyncSession,
    organization_id: UUID,
    *,
    kind: str = "",
    refusal: Refusal | None = None,
) -> HTMLResponse:
    partner = await view_of(request, session, organization_id, actor)
    return show(
        request,
        actor,
        "document_form.html",
        status=int(refusal.kind) if refusal else 200,
        for_families=False,
        partner=partner,
        id=new_id(),
        kind=kind,
        kinds=list(KIND_LABELS.items()),
        expiring=[KIND_LABELS[one] for one in KIND_LABELS if one in EXPIRES],
        refusal=refusal,
    )


@router.post("/partners/{organization_id}/documents")
async def add_document(
    request: Request, actor: SignedIn, session: Transaction, organization_id: UUID, kind: str = ""
) -> Response:
    """Attach a document. `kind` stands in the address, so that it is still chosen where the file is refused."""
    await queries.tended_organization(session, organization_id, actor)
    try:
        await attached(request, actor, session, organization_id)
    except Refusal as refusal:
        return await _document_form(request, actor, session, organization_id, kind=kind, refusal=refusal)
    return see_other(f"/agreements/partners/{organization_id}/registration?done=attached#documents")


@router.get("/partners/{organization_id}/documents/{document_id}")
async def read_document(
    request: Request, actor: SignedIn, session: Transaction, organization_id: UUID, document_id: UUID
) -> Response:
    """The file, to be saved."""
    return document_file(request, await queries.document_view(session, organization_id, document_id, actor))


@router.post("/partners/{organization_id}/documents/{document_id}/remove")
async def remove_document(
    request: Request, actor: SignedIn, session: Transaction, organization_id: UUID, document_id: UUID
) -> RedirectResponse:
    """Take away a document that was not accepted yet."""
    await commands.remove_document(
        session, organization_id, document_id, actor=actor, now=utc_now(), zone=settings_of(request).zone
    )
    return see_other(f"/agreements/partners/{organization_id}/registration?done=removed#documents")


async def view_of(request: Request, session: AsyncSession, organization_id: UUID, actor: Actor) -> PartnerView:
    """A partner with all that it told, as of today."""
    today = utc_now().astimezone(settings_of(request).zone).date()
    return await queries.partner_view(session, organization_id, actor=actor, today=today)


def moments(changes: Any) -> list[Moment]:
    """A partner's timeline in words."""
    return [_moment(change) for change in changes]


def _moment(change: PartnerChange) -> Moment:
    title, kind = partner_labels.HAPPENED[change.what]
    codes = ", ".join(partner_labels.CODE_LABELS.get(code, code) for code in change.codes)
    whole = f"{title}: {codes}" if codes else title
    return Moment(at=change.at, title=whole, words=change.words, who=change.by_label, kind=kind)
