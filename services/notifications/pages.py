"""The pages: one's messages, how we reach you; for the district who is told what, languages, deliveries."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel

from services.notifications import commands, queries, samples, words
from services.notifications.links import inside
from services.notifications.models import Status
from services.notifications.queries import Wishes
from services.notifications.rules import Kind
from services.notifications.samples import known_language
from shared import zones
from shared.clock import utc_now
from shared.events.vocabulary import LANGUAGES, REMIND_BEFORE
from shared.identity import Actor, District, SignedIn
from shared.refusals import Refusal
from shared.translations import counts
from shared.web import Page, Transaction, page, remember_language, see_other

router = APIRouter(prefix="/notifications", include_in_schema=False)


class PreferencesForm(BaseModel):
    """What somebody chose; families are not asked about meetings."""

    language: str = ""
    email: str = ""
    remind_before: list[str] = []
    time_zone: str = ""


def _is_family(actor: Actor) -> bool:
    """Pages of staff are English; who is only a guardian reads in the family's language."""
    return not actor.is_staff


@router.get("/inbox")
async def inbox(request: Request, actor: SignedIn, session: Transaction, paging: Page) -> HTMLResponse:
    """Messages, unread first."""
    assert actor.person_id is not None
    entries, total = await queries.inbox(session, actor.person_id, offset=paging.offset, limit=paging.limit)
    return page(
        request,
        actor,
        "inbox.html",
        for_families=_is_family(actor),
        entries=entries,
        total=total,
        unread=await queries.unread(session, actor.person_id),
        paging=paging,
        zone=await queries.clock_of(session, actor, request.app.state.settings.zone),
    )


@router.get("/inbox/{message_id}")
async def message(request: Request, message_id: UUID, actor: SignedIn, session: Transaction) -> HTMLResponse:
    """One message; opening it marks it as read."""
    assert actor.person_id is not None
    found = await queries.entry(session, message_id, actor.person_id)
    await commands.mark_read(session, message_id, actor=actor, now=utc_now())
    return page(
        request,
        actor,
        "message.html",
        for_families=_is_family(actor),
        entry=found,
        href=inside(found.message),
        zone=await queries.clock_of(session, actor, request.app.state.settings.zone),
    )


@router.get("/preferences")
async def preferences(request: Request, actor: SignedIn, session: Transaction, saved: bool = False) -> HTMLResponse:
    """How we reach you."""
    wishes = await queries.preferences(session, actor)
    form = PreferencesForm(
        language=wishes.language,
        email="yes" if wishes.email else "no",
        remind_before=[str(minutes) for minutes in wishes.remind_before],
        time_zone=wishes.time_zone or "",
    )
    return _preferences_page(request, actor, wishes, form, saved=saved)


@router.post("/preferences", response_model=None)
async def set_preferences(
    request: Request, actor: SignedIn, session: Transaction, form: Annotated[PreferencesForm, Form()]
) -> HTMLResponse | RedirectResponse:
    """Keep the choice; a choice that cannot be kept is shown again."""
    before = [int(minutes) if minutes.isdecimal() else -1 for minutes in form.remind_before]
    try:
        await commands.set_preferences(
            session, form.language, form.email != "no", remind_before=None if _is_family(actor) else before,
            time_zone=form.time_zone or None, actor=actor, now=utc_now(),
        )  # fmt: skip
    except Refusal as refusal:
        wishes = await queries.preferences(session, actor)
        return _preferences_page(request, actor, wishes, form, refusal=refusal)
    saved = see_other("/notifications/preferences?saved=true")
    remember_language(saved, form.language)
    return saved


def _preferences_page(
    request: Request, actor: Actor, wishes: Wishes, form: PreferencesForm, *, refusal: Refusal | None = None,
    saved: bool = False,
) -> HTMLResponse:  # fmt: skip
    return page(
        request, actor, "preferences.html", status=int(refusal.kind) if refusal else 200,
        for_families=_is_family(actor), wishes=wishes, form=form, refusal=refusal, saved=saved,
        all_languages=LANGUAGES, for_meetings=not _is_family(actor),
        times=[(minutes, label) for minutes, label in REMIND_BEFORE.items()],
        zones=zones.options(form.time_zone) if form.time_zone else zones.options(),
        district_zone=request.app.state.settings.time_zone,
    )  # fmt: skip


@router.get("/kinds")
async def kinds(request: Request, actor: District) -> HTMLResponse:
    """Who is told what."""
    told = samples.who_is_told_what()
    return page(request, actor, "kinds.html", told=told, audiences=words.AUDIENCES, titles=samples.titles())


@router.get("/kinds/{kind}")
async def kind(request: Request, kind: Kind, actor: District, language: str = "en") -> HTMLResponse:
    """One message as an example, in each language."""
    chosen = known_language(language)
    shown = samples.sample(kind, chosen, now=utc_now(), settings=request.app.state.settings)
    return page(
        request, actor, "kind.html", kind=kind, shown=shown, chosen=chosen, all_languages=LANGUAGES,
        audience=words.AUDIENCES[kind.audience], english=samples.titles()[kind],
    )  # fmt: skip


@router.get("/languages")
async def languages(request: Request, actor: District) -> HTMLResponse:
    """How far each language is."""
    found = [(code, name, counts(code)) for code, name in LANGUAGES.items() if code != "en"]
    return page(request, actor, "languages.html", found=found)


@router.get("/deliveries")
async def deliveries(
    request: Request, actor: District, session: Transaction, paging: Page, status: str = "", about: UUID | None = None
) -> HTMLResponse:
    """What became of mail."""
    chosen = Status(status) if status in set(Status) else None
    rows = await queries.deliveries(session, status=chosen, about_id=about, offset=paging.offset, limit=paging.limit)
    found = await queries.count_deliveries(session, about)
    options = [(state, f"{look[1]} ({found[state]})") for state, look in words.STATES.items()]
    return page(
        request, actor, "deliveries.html", rows=rows, options=options, chosen=chosen, paging=paging, about=about,
        total=found[chosen] if chosen else sum(found.values()), states=words.STATES, advice=words.advice,
        titles=samples.titles(), languages_by_code=LANGUAGES, failed=Status.FAILED,
    )  # fmt: skip


@router.post("/deliveries/{delivery_id}/send-again")
async def send_again(delivery_id: UUID, actor: District, session: Transaction) -> RedirectResponse:
    """Send a failed message once more."""
    await commands.send_again(session, delivery_id, actor=actor, now=utc_now())
    return see_other("/notifications/deliveries")
