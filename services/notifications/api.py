"""The JSON API: one's own messages and wishes; for the district who is told what, languages and deliveries."""

from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from services.notifications import commands, queries, samples, words
from services.notifications.links import inside
from services.notifications.models import Status
from services.notifications.queries import DeliveryRow, Entry
from services.notifications.rules import Audience, Kind
from shared.clock import utc_now
from shared.events.vocabulary import LANGUAGES
from shared.identity import District, SignedIn
from shared.translations import best_language, counts, direction, speaking
from shared.web import Page, Transaction

router = APIRouter(prefix="/notifications/api/v1", tags=["notifications"])

Language = Annotated[str | None, Query(description="BCP 47 tag; yours, where it is not given")]


class MessageOut(BaseModel):
    """A message in the app."""

    id: UUID
    kind: Kind
    language: str
    """BCP 47 tag of the words here."""
    title: str
    words: str
    href: str
    """The page that it is about."""
    school: str | None
    """The school that it comes from."""
    about_id: UUID
    written_at: datetime
    read_at: datetime | None


class Inbox(BaseModel):
    """A page of messages, unread first."""

    total: int
    unread: int
    items: list[MessageOut]


class Count(BaseModel):
    """How many."""

    count: int


def _out(entry: Entry, zone: ZoneInfo, language: str) -> MessageOut:
    message = entry.message
    with speaking(language):
        note = entry.note(zone)
    return MessageOut(
        id=message.id,
        kind=message.kind,
        language=language,
        title=note.title,
        words=note.words,
        href=inside(message),
        school=entry.school,
        about_id=message.about_id,
        written_at=message.written_at,
        read_at=message.read_at,
    )


@router.get("/inbox")
async def inbox(
    request: Request, actor: SignedIn, session: Transaction, paging: Page, language: Language = None
) -> Inbox:
    """Your messages, 25 at a time."""
    assert actor.person_id is not None
    spoken = best_language(language or actor.language)
    found, total = await queries.inbox(session, actor.person_id, offset=paging.offset, limit=paging.limit)
    unread = await queries.unread(session, actor.person_id)
    zone = await queries.clock_of(session, actor, request.app.state.settings.zone)
    return Inbox(total=total, unread=unread, items=[_out(entry, zone, spoken) for entry in found])


@router.get("/inbox/count")
async def count(actor: SignedIn, session: Transaction) -> Count:
    """How many of your messages wait to be read."""
    assert actor.person_id is not None
    return Count(count=await queries.unread(session, actor.person_id))


@router.get("/inbox/{message_id}")
async def message(
    request: Request, message_id: UUID, actor: SignedIn, session: Transaction, language: Language = None
) -> MessageOut:
    """One of your messages; asking for it does not mark it as read."""
    assert actor.person_id is not None
    found = await queries.entry(session, message_id, actor.person_id)
    zone = await queries.clock_of(session, actor, request.app.state.settings.zone)
    return _out(found, zone, best_language(language or actor.language))


@router.post("/inbox/{message_id}/read", status_code=204)
async def read(message_id: UUID, actor: SignedIn, session: Transaction) -> None:
    """You have read it; saying so twice changes nothing."""
    await commands.mark_read(session, message_id, actor=actor, now=utc_now())


class Preferences(BaseModel):
    """How somebody is reached."""

    language: str
    """BCP 47; one of the languages that we write in."""
    email: bool = True
    """By e-mail, too; messages always stand in the app."""
    remind_before: list[int] | None = None
    """Minutes before a meeting; None: the usual ones, which stand in the answer."""
    time_zone: str | None = None
    """IANA zone of your clock; None: the district's."""


@router.get("/preferences")
async def preferences(actor: SignedIn, session: Transaction) -> Preferences:
    """How we reach you."""
    found = await queries.preferences(session, actor)
    return Preferences(
        language=found.language, email=found.email, remind_before=list(found.remind_before), time_zone=found.time_zone
    )


@router.put("/preferences")
async def set_preferences(wished: Preferences, actor: SignedIn, session: Transaction) -> Preferences:
    """Say how we are to reach you."""
    await commands.set_preferences(
        session, wished.language, wished.email, remind_before=wished.remind_before, time_zone=wished.time_zone,
        actor=actor, now=utc_now(),
    )  # fmt: skip
    return wished


class ToldOut(BaseModel):
    """One line of who is told what."""

    happening: str
    kind: Kind
    audience: Audience
    email: bool
    """By e-mail, too."""


@router.get("/kinds")
async def kinds(actor: District) -> list[ToldOut]:
    """Who is told what, at which happening."""
    return [
        ToldOut(happening=told.happening, kind=told.kind, audience=told.kind.audience, email=told.email)
        for told in samples.who_is_told_what()
    ]


class PreviewOut(BaseModel):
    """A message as an example, with invented names."""

    kind: Kind
    language: str
    direction: str
    approved: bool
    """By a native speaker."""
    title: str
    words: str
    """In the app."""
    subject: str
    mail: str
    """The words of the e-mail."""


@router.get("/kinds/{kind}")
async def preview(request: Request, kind: Kind, actor: District, language: Language = None) -> PreviewOut:
    """A message as an example in one of the languages."""
    spoken = samples.known_language(language or "en")
    shown = samples.sample(kind, spoken, now=utc_now(), settings=request.app.state.settings)
    return PreviewOut(
        kind=kind,
        language=spoken,
        direction=direction(spoken),
        approved=shown.approved,
        title=shown.note.title,
        words=shown.note.words,
        subject=shown.letter.subject,
        mail=shown.letter.words,
    )


class LanguageOut(BaseModel):
    """How far the catalog of a language is."""

    language: str
    name: str
    """In itself."""
    approved: int
    waiting: int
    """Drafts that no native speaker has approved; they are used."""
    missing: int
    """Shown in English."""


@router.get("/languages")
async def languages(actor: District) -> list[LanguageOut]:
    """The languages that families are written to in. English is the source."""
    found = ((code, name, counts(code)) for code, name in LANGUAGES.items() if code != "en")
    return [
        LanguageOut(language=code, name=name, approved=n.approved, waiting=n.waiting, missing=n.missing)
        for code, name, n in found
    ]


class DeliveryOut(BaseModel):
    """One message on its way by e-mail."""

    id: UUID
    message_id: UUID
    recipient_id: UUID
    kind: Kind
    language: str
    about_id: UUID
    status: Status
    attempts: int
    queued_at: datetime
    next_at: datetime
    sent_at: datetime | None
    last_error: str | None
    uncertain_at: datetime | None
    """When it was last noticed that it may arrive twice: a try of which nothing was heard again."""
    advice: str
    """What stands in the way, and what to do about it."""


class Deliveries(BaseModel):
    """A page of deliveries, newest first, and how many stand where."""

    counts: dict[Status, int]
    items: list[DeliveryOut]


def _delivery(row: DeliveryRow) -> DeliveryOut:
    shown = {name: getattr(row, name) for name in DeliveryOut.model_fields if name != "advice"}
    return DeliveryOut(**shown, advice=words.advice(row.status, row.last_error, row.uncertain_at is not None))


@router.get("/deliveries")
async def deliveries(
    actor: District, session: Transaction, paging: Page, status: Status | None = None, about_id: UUID | None = None
) -> Deliveries:
    """What became of mail, 25 at a time."""
    rows = await queries.deliveries(session, status=status, about_id=about_id, offset=paging.offset, limit=paging.limit)
    return Deliveries(
        counts=dict(await queries.count_deliveries(session, about_id)), items=[_delivery(row) for row in rows]
    )


@router.post("/deliveries/{delivery_id}/send-again", status_code=204)
async def send_again(delivery_id: UUID, actor: District, session: Transaction) -> None:
    """Send a failed message once more, after what stood in the way was mended."""
    await commands.send_again(session, delivery_id, actor=actor, now=utc_now())
