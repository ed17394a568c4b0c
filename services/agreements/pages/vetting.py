"""The district reviews a partner: what it told, the rubric, the decision; and merges two that are one."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.datastructures import FormData

from services.agreements import commands, partner_labels, queries
from services.agreements.pages.registrations import moments, view_of
from services.agreements.pages.show import show
from services.agreements.queries.duplicates import traits_of
from services.agreements.rules.vetting import CAUSE_LABELS, CRITERIA, GRADE_LABELS, DeclineCause, Grade, Verb
from services.agreements.settings import settings_of
from shared.clock import utc_now
from shared.identity import Actor, District
from shared.refusals import Kind, Refusal
from shared.web import Transaction, see_other

router = APIRouter(prefix="/agreements", include_in_schema=False)


class DecisionForm(BaseModel):
    """What the district decides."""

    version: int = 1
    words: str = ""
    causes: list[DeclineCause] = []


@router.get("/partners/{organization_id}/vetting")
async def vetting(
    request: Request, actor: District, session: Transaction, organization_id: UUID, done: str = ""
) -> HTMLResponse:
    """All that a partner told, the rubric, and what can be decided now."""
    return await _vetting(request, actor, session, organization_id, done=done)


async def _vetting(
    request: Request,
    actor: Actor,
    session: AsyncSession,
    organization_id: UUID,
    *,
    done: str = "",
    refusal: Refusal | None = None,
    verb: str = "",
    form: DecisionForm | None = None,
    entered: Mapping[str, str] | None = None,
) -> HTMLResponse:
    partner = await view_of(request, session, organization_id, actor)
    organization = await queries.tended_organization(session, organization_id, actor)
    ratings = await queries.rubric(session, organization_id)
    rated = {f"grade_{code}": row.grade.value for code, row in ratings.items()}
    rated |= {f"note_{code}": row.note for code, row in ratings.items()}
    return show(
        request,
        actor,
        "vetting.html",
        status=int(refusal.kind) if refusal else 200,
        partner=partner,
        duplicates=await queries.possible_duplicates(session, traits_of(organization), but=organization_id),
        criteria=CRITERIA,
        grades=list(GRADE_LABELS.items()),
        rated=entered or rated,
        unrated=len(CRITERIA) - len(ratings),
        causes=list(CAUSE_LABELS.items()),
        timeline=moments(await queries.partner_history(session, organization_id)),
        done=done,
        refusal=refusal,
        verb=verb,
        form=form or DecisionForm(),
        labels=partner_labels,
    )


@router.post("/partners/{organization_id}/rubric")
async def rate(request: Request, actor: District, session: Transaction, organization_id: UUID) -> Response:
    """Rate a partner by the criteria that were chosen."""
    form = await request.form()
    entered = {name: value for name, value in form.items() if isinstance(value, str)}
    try:
        await commands.rate_partner(
            session,
            organization_id,
            version=_version(form),
            grades=_grades(entered),
            notes={code: entered.get(f"note_{code}", "") for code in CRITERIA},
            actor=actor,
            now=utc_now(),
        )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return await _vetting(request, actor, session, organization_id, refusal=refusal, entered=entered)
    return see_other(f"/agreements/partners/{organization_id}/vetting?done=rated#decision")


def _version(form: FormData) -> int:
    given = form.get("version")
    return int(given) if isinstance(given, str) and given.isdigit() else 0


def _grades(entered: Mapping[str, str]) -> dict[str, Grade]:
    chosen = {code: entered.get(f"grade_{code}", "") for code in CRITERIA}
    try:
        return {code: Grade(grade) for code, grade in chosen.items() if grade}
    except ValueError:
        raise Refusal(Kind.INVALID, "grade_unknown", "Choose one of the four grades.") from None


@router.post("/partners/{organization_id}/decide/{verb}")
async def decide(
    request: Request,
    actor: District,
    session: Transaction,
    organization_id: UUID,
    verb: Verb,
    form: Annotated[DecisionForm, Form()],
) -> Response:
    """Ask back, approve, decline, suspend or reinstate."""
    try:
        await commands.move_partner(
            session,
            organization_id,
            verb,
            version=form.version,
            words=form.words,
            causes=tuple(form.causes),
            actor=actor,
            now=utc_now(),
            zone=settings_of(request).zone,
        )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return await _vetting(request, actor, session, organization_id, refusal=refusal, verb=verb, form=form)
    return see_other(f"/agreements/partners/{organization_id}/vetting?done={verb}")


@router.post("/partners/{organization_id}/documents/{document_id}/accept")
async def accept_document(
    request: Request, actor: District, session: Transaction, organization_id: UUID, document_id: UUID
) -> RedirectResponse:
    """Say that a document is good."""
    zone = settings_of(request).zone
    await commands.accept_document(session, organization_id, document_id, actor=actor, now=utc_now(), zone=zone)
    return see_other(f"/agreements/partners/{organization_id}/vetting?done=accepted#documents")


@router.get("/partners/{organization_id}/merge")
async def choose_other(
    request: Request,
    actor: District,
    session: Transaction,
    organization_id: UUID,
    q: Annotated[str, Query(max_length=200)] = "",
    into: UUID | None = None,
) -> HTMLResponse:
    """Into which partner this one goes: first the choice, then what will happen."""
    return await _merge(request, actor, session, organization_id, q=q, into_id=into)


async def _merge(
    request: Request,
    actor: Actor,
    session: AsyncSession,
    organization_id: UUID,
    *,
    q: str = "",
    into_id: UUID | None = None,
    refusal: Refusal | None = None,
) -> HTMLResponse:
    organization = await queries.tended_organization(session, organization_id, actor)
    found, total = await queries.find_organizations(session, q, limit=10, seen_by=actor) if q else ([], 0)
    context: dict[str, Any] = {
        "partner": await queries.organization_view(session, organization_id),
        "into": await queries.organization_view(session, into_id) if into_id else None,
        "duplicates": await queries.possible_duplicates(session, traits_of(organization), but=organization_id),
        "found": [one for one in found if one.id != organization_id],
        "total": total,
    }
    status = int(refusal.kind) if refusal else 200
    return show(request, actor, "merge.html", status=status, q=q, refusal=refusal, labels=partner_labels, **context)


@router.post("/partners/{organization_id}/merge")
async def merge(
    request: Request,
    actor: District,
    session: Transaction,
    organization_id: UUID,
    into: Annotated[UUID, Form()],
    version: Annotated[int, Form()],
) -> Response:
    """Merge this partner into another one."""
    zone = settings_of(request).zone
    try:
        kept = await commands.merge_organizations(
            session, organization_id, into, version=version, actor=actor, now=utc_now(), zone=zone
        )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return await _merge(request, actor, session, organization_id, into_id=into, refusal=refusal)
    return see_other(f"/agreements/partners/{kept.id}?done=merged")
