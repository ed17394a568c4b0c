"""The JSON API: everything that the pages do."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from services.referrals import commands, queries
from services.referrals.commands import ConsentBody, Move
from services.referrals.edge import At, by_link
from services.referrals.models import Referral
from services.referrals.queries import Listed
from services.referrals.rules import ReferralState
from shared.clock import new_id
from shared.events.vocabulary import Need, Urgency
from shared.identity import Anyone, District, Guardian, PartnerStaff, SchoolStaff, SignedIn, Staff
from shared.web import Page, Transaction

router = APIRouter(prefix="/referrals/api/v1", tags=["referrals"])


class SubmissionBody(BaseModel):
    """A referral to be sent."""

    id: UUID = Field(default_factory=new_id)
    """Chosen by the caller: sending the same id again leads to the same referral."""
    student_id: UUID
    need: Need
    urgency: Urgency = Urgency.ROUTINE
    words: str = ""
    """For the partner."""
    program_ids: tuple[UUID, ...]
    """The choices, first choice first."""
    consent: ConsentBody | None = None
    """None: a consent on record is used; where there is none the family is asked."""
    ask_family: bool = False
    """Ask the family, whatever is on record. Not together with `consent`."""
    even_though_duplicate: bool = False


class Standing(BaseModel):
    """Where a referral stands after a move."""

    id: UUID
    state: ReferralState
    version: int


class BeforeSending(BaseModel):
    """What to look at before a referral is sent."""

    consent: queries.ConsentShape | None
    duplicates: list[queries.ReferralLine]
    duplicates_elsewhere: int
    """Open referrals for the same need at a school where the student was before; they are that school's to see."""


class Several(BaseModel):
    """The same answer, or acknowledgement, to several referrals; each names the version that was looked at."""

    answer: Move
    referrals: dict[UUID, int | None] = Field(min_length=1, max_length=100)


class Became(BaseModel):
    """What became of one of several: done, or why not."""

    id: UUID
    done: bool
    why: str = ""


def _standing(referral: Referral) -> Standing:
    return Standing(id=referral.id, state=referral.state, version=referral.version)


@router.get("/students")
async def find_students(
    session: Transaction, actor: SchoolStaff, paging: Page, q: str = ""
) -> Listed[queries.StudentLine]:
    """Students by the beginnings of words of their names."""
    return await queries.find_students(session, q, actor=actor, offset=paging.offset, limit=paging.limit)


@router.get("/students/{student_id}")
async def get_student(session: Transaction, actor: SchoolStaff, at: At, student_id: UUID) -> queries.StudentDetail:
    """A student with guardians, consents and referrals."""
    return await queries.student_detail(session, student_id, actor=actor, now=at.now)


@router.get("/students/{student_id}/programs")
async def fitting_programs(
    session: Transaction,
    actor: SchoolStaff,
    at: At,
    paging: Page,
    student_id: UUID,
    need: Need,
    also: Annotated[list[UUID], Query(description="Programs to judge whatever they serve")] = [],  # noqa: B006
) -> list[queries.FitShape]:
    """Programs for a student's need, those that fit first, with the reasons for and against each."""
    student = await queries.student_line(session, student_id, actor=actor)
    found = await queries.fitting(session, student, need, now=at.now, also=also)
    shown = found[paging.offset : paging.offset + paging.limit]
    return [queries.fit_shape(fit) for fit in shown]


@router.get("/students/{student_id}/before-sending")
async def before_sending(
    session: Transaction, actor: SchoolStaff, at: At, student_id: UUID, need: Need
) -> BeforeSending:
    """The consent that a referral for this need would go by, and open referrals for the same need."""
    await queries.student_line(session, student_id, actor=actor)
    same = await queries.duplicates(session, student_id, need, actor=actor, now=at.now)
    return BeforeSending(
        consent=await queries.known_consent(session, student_id, need, at.calendar.today(at.now)),
        duplicates=list(same.lines),
        duplicates_elsewhere=same.elsewhere,
    )


@router.post("/referrals", status_code=201)
async def submit(session: Transaction, actor: SchoolStaff, at: At, body: SubmissionBody) -> Standing:
    """Refer a student. 409: a duplicate that is not meant, or a program that closed."""
    submission = commands.Submission(
        referral_id=body.id,
        student_id=body.student_id,
        need=body.need,
        urgency=body.urgency,
        words=body.words,
        program_ids=body.program_ids,
        consent=body.consent.stated() if body.consent else None,
        ask_family=body.ask_family,
        even_though_duplicate=body.even_though_duplicate,
    )
    return _standing(await commands.submit(session, submission, actor=actor, now=at.now, calendar=at.calendar))


@router.get("/referrals")
async def list_referrals(
    session: Transaction, actor: Staff, at: At, paging: Page, filters: Annotated[queries.Filters, Query()]
) -> Listed[queries.ReferralLine]:
    """Referrals of my schools, those that came before my organization, or all (district office)."""
    return await queries.list_referrals(
        session, filters, actor=actor, now=at.now, offset=paging.offset, limit=paging.limit
    )


@router.get("/referrals/{referral_id}")
async def get_referral(session: Transaction, actor: SignedIn, at: At, referral_id: UUID) -> queries.ReferralDetail:
    """A referral with its attempts, its timeline, and what can be done now: as far as the caller may see it."""
    return await queries.referral_detail(session, referral_id, actor=actor, now=at.now)


@router.get("/referrals/{referral_id}/told")
async def get_told(session: Transaction, actor: SchoolStaff, at: At, referral_id: UUID) -> list[queries.Told]:
    """Who is told of a referral, in which language, and how far the message came."""
    detail = await queries.referral_detail(session, referral_id, actor=actor, now=at.now)
    return await queries.told_people(session, detail)


@router.post("/referrals/{referral_id}/moves")
async def make_move(session: Transaction, actor: SignedIn, at: At, referral_id: UUID, move: Move) -> Standing:
    """Do something with a referral. 403: never yours to do; 409: not as things stand, with who did what."""
    return _standing(
        await commands.make_move(session, referral_id, move, actor=actor, now=at.now, calendar=at.calendar)
    )


@router.get("/today")
async def today(session: Transaction, actor: SchoolStaff, at: At, paging: Page) -> Listed[queries.TodayLine]:
    """What waits for me, worst first."""
    return await queries.today_lines(session, actor=actor, now=at.now, offset=paging.offset, limit=paging.limit)


@router.get("/todos")
async def todos(session: Transaction, actor: Staff, paging: Page) -> Listed[queries.TodoLine]:
    """What waits for me in partnerships, the nearest date first."""
    return await queries.todo_lines(session, actor=actor, offset=paging.offset, limit=paging.limit)


@router.get("/inbox")
async def inbox(session: Transaction, actor: PartnerStaff, at: At, paging: Page) -> Listed[queries.ReferralLine]:
    """Referrals that wait for my organization, the oldest promise first."""
    return await queries.inbox_lines(session, actor=actor, now=at.now, offset=paging.offset, limit=paging.limit)


@router.post("/inbox/answers")
async def answer_several(session: Transaction, actor: PartnerStaff, at: At, body: Several) -> list[Became]:
    """The same answer to several referrals, each by itself."""
    became = await commands.answer_many(
        session,
        list(body.referrals.items()),
        commands.as_answer(body.answer),
        actor=actor,
        now=at.now,
        calendar=at.calendar,
    )
    return [Became(id=id, done=why is None, why=why.message if why else "") for id, why in became.items()]


@router.get("/family")
async def family(session: Transaction, actor: Guardian, at: At) -> list[queries.FamilyReferral]:
    """The referrals of my children."""
    return await queries.family_referrals(session, actor=actor, now=at.now)


@router.get("/overview")
async def overview(session: Transaction, actor: District, at: At) -> queries.Overview:
    """This month's referrals of the whole district."""
    return await queries.overview(session, since=at.calendar.month_of(at.now), now=at.now)


@router.get("/by-link/{token}")
async def get_by_link(
    request: Request, session: Transaction, actor: Anyone, at: At, token: str
) -> queries.ReferralDetail:
    """The one referral that a link from a message is for."""
    linked = await by_link(request, session, token)
    assert linked.only is not None
    return await queries.referral_detail(session, linked.only, actor=linked, now=at.now)


@router.post("/by-link/{token}/moves")
async def move_by_link(
    request: Request, session: Transaction, actor: Anyone, at: At, token: str, move: Move
) -> Standing:
    """Do something with the one referral that a link from a message is for."""
    linked = await by_link(request, session, token)
    assert linked.only is not None
    return _standing(
        await commands.make_move(session, linked.only, move, actor=linked, now=at.now, calendar=at.calendar)
    )
