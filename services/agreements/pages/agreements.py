"""Agreements: the list, the form that starts one, and one of them with all that can be done with it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import agreement_words, commands, queries
from services.agreements.access import Staff
from services.agreements.agreement_files import pdf_file, text_file
from services.agreements.agreement_templates import all_templates
from services.agreements.looking_back import MOST
from services.agreements.models import AgreementEntry
from services.agreements.pages.goal_plots import plot_of
from services.agreements.pages.show import form_again, show
from services.agreements.queries import AgreementSearch, AgreementView, Blank
from services.agreements.queries.looking_back import looks_back
from services.agreements.review_words import DECISIONS, year_label
from services.agreements.rules.agreements import Side
from services.agreements.rules.drafting import FieldChange, changes_between
from services.agreements.rules.vetting import LISTED
from services.agreements.settings import settings_of
from shared.clock import new_id, utc_now
from shared.identity import Actor
from shared.refusals import Refusal
from shared.web import Page, Transaction, see_other
from shared.web.paging import Paging

router = APIRouter(prefix="/agreements/agreements", include_in_schema=False)


class StartForm(BaseModel):
    """What an agreement starts from; `id` is made with the form, so that sending it twice starts one."""

    id: UUID = Field(default_factory=new_id)
    organization_id: Annotated[UUID | None, Blank] = None
    school_id: Annotated[UUID | None, Blank] = None
    template: str = ""
    title: str = ""
    starts_on: str = ""
    ends_on: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of an agreement's timeline."""

    at: datetime
    title: str
    kind: str
    who: str
    words: str
    changes: list[FieldChange]


@router.get("")
async def agreements(
    request: Request,
    actor: Staff,
    session: Transaction,
    search: Annotated[AgreementSearch, Query()],
    paging: Page,
    meetings: int = 0,
    tasks: int = 0,
) -> HTMLResponse:
    """The list of agreements; after a contact was replaced it says how many meetings and tasks went along."""
    found, total = await queries.find_agreements(session, search, actor=actor, offset=paging.offset, limit=paging.limit)
    return show(
        request,
        actor,
        "agreements.html",
        agreements=found,
        total=total,
        paging=paging,
        search=search,
        schools=[(one.id, one.name) for one in await queries.schools(session)],
        said=agreement_words,
        today=today_in(request),
        handed_over=agreement_words.handed_over(meetings, tasks) if search.contact else "",
    )


@router.get("/new")
async def new_agreement(
    request: Request,
    actor: Staff,
    session: Transaction,
    organization: UUID | None = None,
    school: UUID | None = None,
) -> HTMLResponse:
    """The form that starts an agreement."""
    first, last = school_year_after(today_in(request))
    form = StartForm(
        organization_id=organization, school_id=school, starts_on=first.isoformat(), ends_on=last.isoformat()
    )
    return show(request, actor, "agreement_new.html", form=form, **await _choices(session, actor, form))


@router.post("")
async def start(request: Request, actor: Staff, session: Transaction, form: Annotated[StartForm, Form()]) -> Response:
    """Start an agreement from a template."""
    choices = await _choices(session, actor, form)
    try:
        made = await commands.draft_agreement(
            session,
            agreement_id=form.id,
            organization_id=form.organization_id or UUID(int=0),
            **form.model_dump(exclude={"id", "organization_id"}),
            **who(request, actor),
        )
    except Refusal as refusal:
        return form_again(request, actor, "agreement_new.html", refusal, form=form, **choices)
    return see_other(f"/agreements/agreements/{made.id}/edit")


async def _choices(session: AsyncSession, actor: Actor, form: StartForm) -> dict[str, Any]:
    """With whom, for whom, from what; what is clear beforehand is chosen already."""
    mine = None if actor.is_district or actor.school_ids else sorted(actor.organization_ids)
    found, _ = await queries.find_organizations(session, only=mine)
    organizations = [one for one in found if one.status in LISTED]
    schools = [(one.id, one.name) for one in await queries.schools(session)]
    if not actor.is_district and actor.school_ids:
        schools = [(id, name) for id, name in schools if id in actor.school_ids]
    if not actor.is_district and len(schools) == 1:
        form.school_id = schools[0][0]
    if len(organizations) == 1:
        form.organization_id = organizations[0].id
    return {
        "organizations": [(one.id, one.name) for one in organizations],
        "schools": schools,
        "templates": [(one.name, one.title, one.when) for one in all_templates().values()],
    }


@router.get("/{agreement_id}")
async def agreement(
    request: Request, actor: Staff, session: Transaction, agreement_id: UUID, paging: Page, done: str = ""
) -> HTMLResponse:
    """An agreement: where it stands, what can be done now, what it says, its goals, what happened."""
    return await one(request, actor, session, agreement_id, paging, done=done)


EMPTY = dict.fromkeys(("on", "field", "words", "reason", "value", "measured_on", "goal_id"), "")
"""The forms on the page of an agreement before anything is entered."""


async def one(
    request: Request,
    actor: Actor,
    session: AsyncSession,
    agreement_id: UUID,
    paging: Paging,
    *,
    refusal: Refusal | None = None,
    form: dict[str, Any] | None = None,
    done: str = "",
) -> HTMLResponse:
    """The page of an agreement; with a refusal, what was wrong with which form on it (`on`) and what was entered."""
    found = await queries.agreement_view(session, agreement_id, actor=actor)
    entries = await queries.agreement_history(session, agreement_id)
    part = entries[paging.offset : paging.offset + paging.limit]
    names = await queries.person_names(session, {entry.actor_id for entry in part if entry.actor_id})
    goals = await queries.goals_of(session, agreement_id, today=today_in(request))
    schools = {*found.school_ids, *([found.school_id] if found.school_id else [])}
    looks = await looks_back(session, found.organization_id, schools, limit=MOST)
    return show(
        request,
        actor,
        "agreement.html",
        looks=looks,
        decided=DECISIONS,
        year_label=year_label,
        status=int(refusal.kind) if refusal else 200,
        refusal=refusal,
        agreement=found,
        amended=_amended(found),
        timeline=[_moment(entry, names) for entry in part],
        total=len(entries),
        paging=paging,
        goals=[(goal, plot_of(goal, found.starts_on, found.ends_on)) for goal in goals],
        people={side: await people_to_name(session, actor, found, side) for side in Side},
        is_first=await queries.is_first_in_force(session),
        said=agreement_words,
        today=today_in(request),
        measurement_id=new_id(),
        successor_id=new_id(),
        form=EMPTY | (form or {}),
        done=done,
    )


def _amended(agreement: AgreementView) -> list[FieldChange]:
    """What an amendment under way changes."""
    if agreement.holds is None or agreement.open is None:
        return []
    return changes_between(agreement.holds.terms, agreement.open.terms)


def _moment(entry: AgreementEntry, names: dict[UUID, str]) -> Moment:
    title, kind = agreement_words.TITLES[entry.what]
    name = names.get(entry.actor_id) if entry.actor_id else None
    label = f"{name}, {entry.by_label}" if name else entry.by_label
    changes = [FieldChange(**change) for change in entry.changes]
    return Moment(entry.at, title, kind, label, agreement_words.entry_words(entry), changes)


async def people_to_name(
    session: AsyncSession, actor: Actor, agreement: AgreementView, side: Side
) -> list[tuple[UUID, str]]:
    """Whom the actor may name as a side's contact; nobody where that is the other side's business."""
    if not actor.is_district and agreement.side is not side:
        return []
    if side is Side.PARTNER:
        people = await queries.people_of(session, organization_id=agreement.organization_id)
    elif agreement.school_id is not None:
        people = await queries.people_of(session, school_id=agreement.school_id)
    else:
        people = await queries.people_of(session, district=True)
    return [(person.id, person.name) for person in people]


@router.get("/{agreement_id}/texts/{number}.txt")
async def text(actor: Staff, session: Transaction, agreement_id: UUID, number: int) -> Response:
    """The exact words of a text."""
    return await text_file(session, agreement_id, number, actor=actor)


@router.get("/{agreement_id}/texts/{number}.pdf")
async def pdf(request: Request, actor: Staff, session: Transaction, agreement_id: UUID, number: int) -> Response:
    """A text with its signatures, to print."""
    return await pdf_file(session, agreement_id, number, settings_of(request), actor=actor)


def who(request: Request, actor: Actor) -> dict[str, Any]:
    """Who acts, when, in which time zone: what every command about agreements takes."""
    return {"actor": actor, "now": utc_now(), "zone": settings_of(request).zone}


def today_in(request: Request) -> date:
    """The date in the district."""
    return utc_now().astimezone(settings_of(request).zone).date()


def school_year_after(today: date) -> tuple[date, date]:
    """The days that are offered for a new agreement: from today, or in summer from September, to the end of June."""
    if today.month >= 9:
        return today, date(today.year + 1, 6, 30)
    if today.month >= 5:
        return date(today.year, 9, 1), date(today.year + 1, 6, 30)
    return today, date(today.year, 6, 30)
