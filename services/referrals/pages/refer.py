"""Refer a student: four steps of one form, each carrying all that was entered; works without JavaScript."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals import commands, queries
from services.referrals.edge import At, Moment
from services.referrals.pages.choosing import Choosing
from services.referrals.pages.forms import ReferForm, rearranged
from services.referrals.pages.show import show
from services.referrals.rules import check_words
from shared.identity import Actor, SchoolStaff
from shared.refusals import Kind, Refusal
from shared.web import Transaction, see_other

router = APIRouter(prefix="/referrals", include_in_schema=False)

STEPS = ("student", "need", "consent", "programs")
STEP_OF = {
    "student_id": "student",
    "need": "need",
    "words": "need",
    "program_ids": "programs",
    "even_though_duplicate": "programs",
}
"""Where a field is entered; every other one belongs to the consent."""
MOST_FOUND = 15


@router.get("/new")
async def new(
    request: Request,
    session: Transaction,
    actor: SchoolStaff,
    at: At,
    student: UUID | None = None,
    program: UUID | None = None,
    q: str = "",
) -> HTMLResponse:
    """An empty form, with the student or the program that one came from."""
    form = ReferForm(student_id=student, program_ids=[program] if program else [], q=q)
    step = "need" if student else "student"
    return await _Flow(request, session, actor, at, form).page(step)


@router.post("/new")
async def go_on(
    request: Request, session: Transaction, actor: SchoolStaff, at: At, form: Annotated[ReferForm, Form()]
) -> Response:
    """The next step, a change of what was entered, or sending."""
    return await _Flow(request, session, actor, at, form).answer()


class _Flow:
    """One request of the four steps."""

    def __init__(self, request: Request, session: AsyncSession, actor: Actor, at: Moment, form: ReferForm) -> None:
        self.request, self.session, self.actor, self.at, self.form = request, session, actor, at, form

    async def answer(self) -> Response:
        """What the pressed button asks for."""
        what, _, which = self.form.go.partition(":")
        try:
            if what == "send":
                return await self._send()
            return await self.page(await self._step_after(what, which))
        except Refusal as refusal:
            if not refusal.fields:
                raise
            self.session.expire_all()
            return await self.page(_step_of(refusal), refusal)

    async def _step_after(self, what: str, which: str) -> str:
        if what == "pick":
            self._change(student_id=_id(which), consent="", guardian="", guardian_name="")
            return "need"
        if what in {"add", "drop", "up", "more"}:
            self._change(program_ids=rearranged(self.form.program_ids, self.form.go))
            return "programs"
        if what == "to" and which in STEPS:
            return which
        if what == "search" or self.form.step not in STEPS:
            return "student"
        await self._check(self.form.step)
        return STEPS[min(STEPS.index(self.form.step) + 1, len(STEPS) - 1)]

    def _change(self, **changes: Any) -> None:
        self.form = self.form.model_copy(update=changes)

    async def _check(self, step: str) -> None:
        """Refuse to go on from a step that is not complete."""
        if step == "student" and self.form.student_id is None:
            raise _missing("student_id", "Choose a student.")
        if step == "need":
            if self.form.need is None:
                raise _missing("need", "Choose what the student needs help with.")
            check_words(self.form.words)
        if step == "consent":
            await self._consent()

    async def _consent(self) -> commands.StatedConsent | None:
        """The consent that is recorded now; None where one on record counts, or the family is asked."""
        if self.form.consent == "record":
            return self.form.stated()
        if self.form.consent not in {"existing", "ask"}:
            raise _missing("consent", "Choose how the family's consent comes about.")
        return None

    async def _send(self) -> Response:
        for step in STEPS[:3]:
            await self._check(step)
        assert self.form.student_id is not None
        assert self.form.need is not None
        submission = commands.Submission(
            referral_id=self.form.id,
            student_id=self.form.student_id,
            need=self.form.need,
            urgency=self.form.urgency,
            words=self.form.words,
            program_ids=tuple(self.form.program_ids),
            consent=await self._consent(),
            ask_family=self.form.consent == "ask",
            even_though_duplicate=self.form.even_though_duplicate,
        )
        # A refusal must leave nothing behind, though the form is rendered in the same transaction.
        async with self.session.begin_nested():
            referral = await commands.submit(
                self.session, submission, actor=self.actor, now=self.at.now, calendar=self.at.calendar
            )
        return see_other(f"/referrals/{referral.id}/sent")

    async def page(self, step: str, refusal: Refusal | None = None) -> HTMLResponse:
        """A step, with all that was entered."""
        if self.form.student_id is None:
            step = "student"
        elif self.form.need is None and step in STEPS[2:]:
            step = "need"
        status = int(refusal.kind) if refusal else 200
        context = await self._context(step)
        return await show(
            self.request,
            self.session,
            self.actor,
            "refer.html",
            status=status,
            refusal=refusal,
            step=step,
            form=self.form,
            **context,
        )

    async def _context(self, step: str) -> dict[str, Any]:
        student = await self._student()
        known, choosing, found = None, None, None
        duplicates = queries.Duplicates()
        if step == "student":
            found = await queries.find_students(self.session, self.form.q, actor=self.actor, offset=0, limit=MOST_FOUND)
        if student and self.form.need:
            known, duplicates = await self._before(student)
            if step == "programs":
                choosing = await Choosing.of(
                    self.session,
                    student,
                    self.form.need,
                    self.form.program_ids,
                    self.at.now,
                    whole=self.form.go == "more",
                )
        if step == "consent":
            self._suggest(known is not None)
        return {
            "student": student,
            "known": known,
            "duplicates": duplicates,
            "choosing": choosing,
            "found": found,
            "offers": await queries.offers_by_id(self.session, self.form.program_ids, now=self.at.now),
        }

    async def _student(self) -> queries.StudentLine | None:
        if self.form.student_id is None:
            return None
        return await queries.student_line(self.session, self.form.student_id, actor=self.actor)

    async def _before(self, student: queries.StudentLine) -> tuple[queries.ConsentShape | None, queries.Duplicates]:
        assert self.form.need is not None
        today = self.at.calendar.today(self.at.now)
        known = await queries.known_consent(self.session, student.id, self.form.need, today)
        same = await queries.duplicates(self.session, student.id, self.form.need, actor=self.actor, now=self.at.now)
        return known, same

    def _suggest(self, known: bool) -> None:
        """What is most likely is chosen beforehand: a consent on record; today for a new one."""
        if not self.form.consent or (self.form.consent == "existing" and not known):
            self._change(consent="existing" if known else "")
        if not self.form.given_on:
            self._change(given_on=self.at.calendar.today(self.at.now).isoformat())


def _step_of(refusal: Refusal) -> str:
    """The step in which the first thing that is wrong can be mended."""
    steps = {STEP_OF.get(field, "consent") for field in refusal.fields}
    return next(step for step in STEPS if step in steps)


def _missing(field: str, words: str) -> Refusal:
    return Refusal(Kind.INVALID, f"{field}_missing", words, fields={field: words})


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise _missing("student_id", "Choose a student from the list.") from None
