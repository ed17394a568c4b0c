"""JSON routes about agreements."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.agreements import commands, queries
from services.agreements.access import Staff
from services.agreements.agreement_files import pdf_file, text_file
from services.agreements.agreement_templates import AgreementTemplate, all_templates
from services.agreements.api.versions import Version
from services.agreements.queries import AgreementLine, AgreementSearch, AgreementView
from services.agreements.rules.agreements import Side
from services.agreements.rules.drafting import FieldChange
from services.agreements.rules.signing import CONSENT
from services.agreements.rules.terms import EndReason, TermsEntry
from services.agreements.settings import settings_of
from shared.clock import new_id, utc_now
from shared.identity import Actor
from shared.web import Page, Transaction

router = APIRouter(prefix="/agreements/api/v1", tags=["agreements"])


class AgreementList(BaseModel):
    """A part of a list of agreements."""

    items: list[AgreementLine]
    total: int


class NewAgreement(BaseModel):
    """An agreement to draft; the same id again gives the one that was drafted first."""

    id: UUID = Field(default_factory=new_id)
    organization_id: UUID
    school_id: UUID | None = Field(default=None, description="None: the district office agrees")
    template: str
    title: str
    starts_on: str = Field(description="ISO 8601 date")
    ends_on: str = Field(description="ISO 8601 date; the last day on which it holds")


class ChangedTerms(TermsEntry):
    """All that the draft says from now on; what others changed after `version` stays."""

    version: Version


class NewComment(BaseModel):
    """A comment on the whole, or on one field of the text."""

    version: Version
    words: str
    field: str | None = None


class Move(BaseModel):
    """A move of an agreement as it was read."""

    version: Version


class TakenBack(Move):
    """Why the text is a draft again."""

    words: str = ""


class NewSignature(BaseModel):
    """A signature: the typed name, the consent to sign electronically, and the digest of the text that was read."""

    name: str
    role: str = Field(default="", description="In what capacity: Principal")
    consents: bool = Field(description=CONSENT)
    digest: str


class Termination(Move):
    """Why an agreement ends early."""

    reason: EndReason
    words: str


class Renewal(BaseModel):
    """The id of the agreement that follows; the same again gives the one that is there."""

    id: UUID = Field(default_factory=new_id)


class NewContact(BaseModel):
    """Who is a side's contact from now on."""

    person_id: UUID


class Replacement(BaseModel):
    """Who follows somebody who leaves, in all agreements at once."""

    leaver_id: UUID
    successor_id: UUID


class Replaced(BaseModel):
    """In how many places somebody was replaced: agreements, meetings, tasks from meetings."""

    model_config = ConfigDict(from_attributes=True)

    agreements: int
    meetings: int
    tasks: int


class EntryView(BaseModel):
    """One line of an agreement's timeline."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    edition: int
    at: datetime
    side: Side | None
    by_label: str
    what: str
    changes: list[FieldChange]
    field: str | None
    words: str


@router.get("/agreement-templates")
async def templates(actor: Staff) -> list[AgreementTemplate]:
    """What an agreement can be drafted from."""
    return list(all_templates().values())


@router.get("/agreements")
async def agreements(
    actor: Staff, session: Transaction, search: Annotated[AgreementSearch, Query()], paging: Page
) -> AgreementList:
    """Agreements that the caller may read."""
    found = await queries.find_agreements(session, search, actor=actor, offset=paging.offset, limit=paging.limit)
    return AgreementList(items=found[0], total=found[1])


@router.post("/agreements", status_code=201)
async def draft(request: Request, actor: Staff, session: Transaction, body: NewAgreement) -> AgreementView:
    """Draft an agreement from a template."""
    made = await commands.draft_agreement(
        session,
        agreement_id=body.id,
        **body.model_dump(exclude={"id"}),
        **_who(request, actor),
    )
    return await queries.agreement_view(session, made.id, actor=actor)


@router.post("/agreements/contacts/replace")
async def replace_contact(request: Request, actor: Staff, session: Transaction, body: Replacement) -> Replaced:
    """Put somebody in the place of a contact who leaves, with everything that waited, meetings and tasks included."""
    return Replaced.model_validate(await commands.replace_contact(session, **body.model_dump(), **_who(request, actor)))


@router.get("/agreements/{agreement_id}")
async def agreement(actor: Staff, session: Transaction, agreement_id: UUID) -> AgreementView:
    """One agreement with its texts."""
    return await queries.agreement_view(session, agreement_id, actor=actor)


@router.get("/agreements/{agreement_id}/history")
async def history(actor: Staff, session: Transaction, agreement_id: UUID) -> list[EntryView]:
    """What happened to an agreement, newest first: who changed what, field by field."""
    await queries.agreement_view(session, agreement_id, actor=actor)
    return [EntryView.model_validate(one) for one in await queries.agreement_history(session, agreement_id)]


@router.put("/agreements/{agreement_id}/terms")
async def change(
    request: Request, actor: Staff, session: Transaction, agreement_id: UUID, body: ChangedTerms
) -> AgreementView:
    """Change the draft."""
    await commands.change_agreement(session, agreement_id, version=body.version, entry=body, **_who(request, actor))
    return await queries.agreement_view(session, agreement_id, actor=actor)


@router.post("/agreements/{agreement_id}/comments", status_code=201)
async def comment(
    request: Request, actor: Staff, session: Transaction, agreement_id: UUID, body: NewComment
) -> AgreementView:
    """Comment on it."""
    await commands.comment_on_agreement(session, agreement_id, **body.model_dump(), **_who(request, actor))
    return await queries.agreement_view(session, agreement_id, actor=actor)


@router.post("/agreements/{agreement_id}/send")
async def send(request: Request, actor: Staff, session: Transaction, agreement_id: UUID, body: Move) -> AgreementView:
    """Fix the text and have both sides sign it."""
    currency = settings_of(request).currency
    await commands.send_for_signature(
        session, agreement_id, version=body.version, currency=currency, **_who(request, actor)
    )
    return await queries.agreement_view(session, agreement_id, actor=actor)


@router.post("/agreements/{agreement_id}/take-back")
async def take_back(
    request: Request, actor: Staff, session: Transaction, agreement_id: UUID, body: TakenBack
) -> AgreementView:
    """Make the text a draft again; a signature that is there is void."""
    await commands.take_back_agreement(session, agreement_id, **body.model_dump(), **_who(request, actor))
    return await queries.agreement_view(session, agreement_id, actor=actor)


@router.post("/agreements/{agreement_id}/signatures", status_code=201)
async def sign(
    request: Request, actor: Staff, session: Transaction, agreement_id: UUID, body: NewSignature
) -> AgreementView:
    """Sign for the own side."""
    await commands.sign_agreement(session, agreement_id, **body.model_dump(), **_who(request, actor))
    return await queries.agreement_view(session, agreement_id, actor=actor)


@router.post("/agreements/{agreement_id}/amend")
async def amend(request: Request, actor: Staff, session: Transaction, agreement_id: UUID, body: Move) -> AgreementView:
    """Begin an amendment; the text that both signed holds until both have signed the new one."""
    await commands.start_amendment(session, agreement_id, version=body.version, **_who(request, actor))
    return await queries.agreement_view(session, agreement_id, actor=actor)


@router.post("/agreements/{agreement_id}/discard")
async def discard(
    request: Request, actor: Staff, session: Transaction, agreement_id: UUID, body: Move
) -> AgreementView:
    """Give the draft up."""
    await commands.discard_draft(session, agreement_id, version=body.version, **_who(request, actor))
    return await queries.agreement_view(session, agreement_id, actor=actor)


@router.post("/agreements/{agreement_id}/renew", status_code=201)
async def renew(
    request: Request, actor: Staff, session: Transaction, agreement_id: UUID, body: Renewal
) -> AgreementView:
    """Draft the agreement that follows, with this one's content."""
    new = await commands.renew_agreement(session, agreement_id, successor_id=body.id, **_who(request, actor))
    return await queries.agreement_view(session, new.id, actor=actor)


@router.post("/agreements/{agreement_id}/terminate")
async def terminate(
    request: Request, actor: Staff, session: Transaction, agreement_id: UUID, body: Termination
) -> AgreementView:
    """End it today, with the reason."""
    await commands.terminate_agreement(session, agreement_id, **body.model_dump(), **_who(request, actor))
    return await queries.agreement_view(session, agreement_id, actor=actor)


@router.put("/agreements/{agreement_id}/contacts/{side}")
async def name_contact(
    request: Request, actor: Staff, session: Transaction, agreement_id: UUID, side: Side, body: NewContact
) -> AgreementView:
    """Name a side's contact; what waited for the one before waits for the new one."""
    await commands.name_agreement_contact(
        session, agreement_id, side=side, person_id=body.person_id, **_who(request, actor)
    )
    return await queries.agreement_view(session, agreement_id, actor=actor)


@router.get("/agreements/{agreement_id}/texts/{number}.txt", response_class=Response)
async def text(actor: Staff, session: Transaction, agreement_id: UUID, number: int) -> Response:
    """The exact words of a text, whose SHA-256 the signatures name."""
    return await text_file(session, agreement_id, number, actor=actor)


@router.get("/agreements/{agreement_id}/texts/{number}.pdf", response_class=Response)
async def pdf(request: Request, actor: Staff, session: Transaction, agreement_id: UUID, number: int) -> Response:
    """A text with its signatures, to print."""
    return await pdf_file(session, agreement_id, number, settings_of(request), actor=actor)


def _who(request: Request, actor: Actor) -> dict[str, Any]:
    return {"actor": actor, "now": utc_now(), "zone": settings_of(request).zone}
