"""The look back at the year's end on a partnership or one of its programs."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.access import SideStaff, Staff
from services.agreements.pages.reviews import review_context
from services.agreements.pages.show import form_again, show
from services.agreements.queries import Blank, YearEndView
from services.agreements.rules import not_found
from services.agreements.rules.year_ends import YEAR_END_LABELS, YearEndEntry, YearEndState
from services.agreements.settings import settings_of
from shared.clock import utc_now
from shared.identity import Actor
from shared.refusals import Refusal
from shared.web import Transaction, see_other

router = APIRouter(prefix="/agreements/reviews/{review_id}/year-end", include_in_schema=False)

OptionalProgram = Annotated[UUID | None, Blank, Query()]


class YearEndForm(YearEndEntry):
    """A look back as the form sends it."""

    program_id: Annotated[UUID | None, Blank] = None
    version: int = 0
    then: Literal["save", "decide"] = "save"


@router.get("")
async def year_end(
    request: Request, actor: Staff, session: Transaction, review_id: UUID, program: OptionalProgram = None
) -> HTMLResponse:
    """The form; once it is decided, what was decided."""
    context = await _context(request, session, review_id, program, actor)
    found: YearEndView | None = context["found"]
    values = found.model_dump(include=set(YearEndEntry.model_fields)) if found else {}
    form = YearEndForm(
        **{name: value or "" for name, value in values.items()},
        program_id=program,
        version=found.version if found else 0,
    )
    return show(request, actor, "year_end.html", form=form, **context)


@router.post("")
async def save_or_decide(
    request: Request, actor: SideStaff, session: Transaction, review_id: UUID, form: Annotated[YearEndForm, Form()]
) -> Response:
    """Keep what is written; the school may decide with it."""
    command = commands.decide_year_end if form.then == "decide" else commands.save_year_end
    try:
        await command(
            session,
            review_id,
            form.program_id,
            entry=form,
            version=form.version,
            calendar=settings_of(request).school_calendar,
            actor=actor,
            now=utc_now(),
        )
    except Refusal as refusal:
        if not refusal.fields and refusal.code != "stale_version":
            raise
        context = await _context(request, session, review_id, form.program_id, actor)
        if refusal.code == "stale_version" and context["found"]:
            # Who has now read what the other side wrote may save all the same.
            form.version = context["found"].version
        return form_again(request, actor, "year_end.html", refusal, form=form, **context)
    done = "decided" if form.then == "decide" else "written"
    return see_other(f"/agreements/reviews/{review_id}?done={done}")


@router.post("/reopen")
async def reopen(
    request: Request,
    actor: SideStaff,
    session: Transaction,
    review_id: UUID,
    version: Annotated[int, Form()],
    program_id: Annotated[UUID | None, Blank, Form()] = None,
) -> RedirectResponse:
    """Think a decision over again."""
    await commands.reopen_year_end(
        session,
        review_id,
        program_id,
        version=version,
        calendar=settings_of(request).school_calendar,
        actor=actor,
        now=utc_now(),
    )
    return see_other(f"/agreements/reviews/{review_id}?done=reopened")


async def _context(
    request: Request, session: AsyncSession, review_id: UUID, program_id: UUID | None, actor: Actor
) -> dict[str, Any]:
    context = await review_context(request, session, review_id, actor)
    names = {one.id: one.name for one in context["programs"]}
    if program_id is not None and program_id not in names:
        raise not_found("program")
    found = next((one for one in context["review"].year_ends if one.program_id == program_id), None)
    return context | {
        "program": names.get(program_id) if program_id else None,
        "found": found,
        "decided": found is not None and found.state is YearEndState.DECIDED,
        "labels": YEAR_END_LABELS,
    }
