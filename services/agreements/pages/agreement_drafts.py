"""Drafting together: the form with all that an agreement says, comments, sending it for signature, giving it up."""

from itertools import zip_longest
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import agreement_words, commands, queries
from services.agreements.access import Staff
from services.agreements.agreement_templates import all_templates
from services.agreements.models import Edition
from services.agreements.pages.agreements import one, who
from services.agreements.pages.show import form_again, show
from services.agreements.queries import AgreementView
from services.agreements.rules.agreements import Verb
from services.agreements.rules.goals import GoalEntry
from services.agreements.rules.terms import Terms, TermsEntry
from services.agreements.settings import settings_of
from shared.clock import new_id
from shared.refusals import Kind, Refusal
from shared.web import Page, Transaction, see_other

router = APIRouter(prefix="/agreements/agreements", include_in_schema=False)

SPARE_GOALS = 2
"""Empty rows for goals under those that are there."""


class DraftForm(TermsEntry):
    """The draft as the form sends it: the fields of goals are columns."""

    version: int = 1
    goal_id: list[str] = []
    goal_title: list[str] = []
    goal_measure: list[str] = []
    goal_unit: list[str] = []
    goal_baseline: list[str] = []
    goal_target: list[str] = []
    goal_due_on: list[str] = []

    def entry(self) -> TermsEntry:
        """The draft with its goals as rows."""
        columns = (
            self.goal_id, self.goal_title, self.goal_measure, self.goal_unit, self.goal_baseline, self.goal_target,
            self.goal_due_on,
        )  # fmt: skip
        rows = zip_longest(*columns, fillvalue="")
        goals = [_goal(dict(zip(GoalEntry.model_fields, row, strict=True))) for row in rows]
        return TermsEntry(**self.model_dump(include=set(TermsEntry.model_fields) - {"goals"}), goals=goals)


def _goal(row: dict[str, str]) -> GoalEntry:
    """A row of the form; one without a proper id is a new goal."""
    try:
        return GoalEntry.model_validate(row)
    except ValidationError:
        return GoalEntry.model_validate(row | {"id": new_id()})


@router.get("/{agreement_id}/edit")
async def edit(request: Request, actor: Staff, session: Transaction, agreement_id: UUID) -> HTMLResponse:
    """The form with what the draft says now."""
    found = await queries.agreement_view(session, agreement_id, actor=actor)
    if found.open is None or Verb.EDIT not in found.can:
        raise Refusal(Kind.CONFLICT, "not_a_draft", "There is no draft to change. Start an amendment first.")
    entry = filled(found.open.terms)
    context = await _context(session, found, entry, found.version)
    return show(request, actor, "agreement_form.html", **context)


@router.post("/{agreement_id}/edit")
async def change(
    request: Request, actor: Staff, session: Transaction, agreement_id: UUID, form: Annotated[DraftForm, Form()]
) -> Response:
    """Change the draft."""
    found = await queries.agreement_view(session, agreement_id, actor=actor)
    entry = form.entry()
    try:
        await commands.change_agreement(session, agreement_id, version=form.version, entry=entry, **who(request, actor))
    except Refusal as refusal:
        if not refusal.fields:
            raise
        # Who has now read what changed meanwhile may save all the same.
        version = found.version if refusal.code == "stale_version" else form.version
        context = await _context(session, found, entry, version)
        return form_again(request, actor, "agreement_form.html", refusal, **context)
    return see_other(f"/agreements/agreements/{agreement_id}?done=changed")


def filled(terms: Terms) -> TermsEntry:
    """The form's fields with what a text says."""
    said = terms.model_dump(mode="json")
    goals = [
        GoalEntry(
            id=goal.id,
            title=goal.title,
            measure=goal.measure,
            unit=goal.unit,
            baseline=_plain(goal.baseline),
            target=_plain(goal.target),
            due_on=goal.due_on.isoformat() if goal.due_on else "",
        )
        for goal in terms.goals
    ]
    texts = {name: "" if said[name] is None else said[name] for name in TermsEntry.model_fields if name != "goals"}
    return TermsEntry(**texts | {"notice_days": str(terms.notice_days)}, goals=goals)


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


async def _context(session: AsyncSession, agreement: AgreementView, entry: TermsEntry, version: int) -> dict[str, Any]:
    text = await session.get(Edition, (agreement.id, agreement.open_edition))
    template = all_templates().get(text.template) if text else None
    spare = [GoalEntry(id=new_id()) for _ in range(SPARE_GOALS)]
    return {
        "agreement": agreement,
        "form": entry,
        "goals": [goal for goal in entry.goals if not goal.is_blank] + spare,
        "version": version,
        "hints": template.hints if template else {},
        "schools": [(school.id, school.name) for school in await queries.schools(session)],
        "said": agreement_words,
    }


@router.post("/{agreement_id}/comments")
async def comment(
    request: Request,
    actor: Staff,
    session: Transaction,
    agreement_id: UUID,
    paging: Page,
    version: Annotated[int, Form()],
    words: Annotated[str, Form()] = "",
    field: Annotated[str, Form()] = "",
) -> Response:
    """Comment on it."""
    try:
        await commands.comment_on_agreement(
            session, agreement_id, version=version, words=words, field=field or None, **who(request, actor)
        )
    except Refusal as refusal:
        if not refusal.fields:
            raise
        form = {"on": "comment", "words": words, "field": field}
        return await one(request, actor, session, agreement_id, paging, refusal=refusal, form=form)
    return see_other(f"/agreements/agreements/{agreement_id}?done=commented#comments")


@router.post("/{agreement_id}/send")
async def send(
    request: Request,
    actor: Staff,
    session: Transaction,
    agreement_id: UUID,
    paging: Page,
    version: Annotated[int, Form()],
) -> Response:
    """Fix the text and have both sides sign it."""
    try:
        await commands.send_for_signature(
            session, agreement_id, version=version, currency=settings_of(request).currency, **who(request, actor)
        )
    except Refusal as refusal:
        if refusal.kind is not Kind.INVALID:
            raise
        return await one(request, actor, session, agreement_id, paging, refusal=refusal)
    return see_other(f"/agreements/agreements/{agreement_id}?done=sent")


@router.post("/{agreement_id}/discard")
async def discard(
    request: Request, actor: Staff, session: Transaction, agreement_id: UUID, version: Annotated[int, Form()]
) -> RedirectResponse:
    """Give the draft up."""
    await commands.discard_draft(session, agreement_id, version=version, **who(request, actor))
    return see_other(f"/agreements/agreements/{agreement_id}?done=discarded")


@router.post("/{agreement_id}/amend")
async def amend(
    request: Request, actor: Staff, session: Transaction, agreement_id: UUID, version: Annotated[int, Form()]
) -> RedirectResponse:
    """Begin an amendment."""
    await commands.start_amendment(session, agreement_id, version=version, **who(request, actor))
    return see_other(f"/agreements/agreements/{agreement_id}/edit")
