"""My account: where I am signed in, and the way out of all of it."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from services.people import commands, queries
from services.people.edge import leave, settings_of
from shared.clock import utc_now
from shared.identity import SignedIn
from shared.web import Transaction, page

router = APIRouter(prefix="/me")


@router.get("")
async def me(request: Request, actor: SignedIn, session: Transaction) -> HTMLResponse:
    """Who I am to the system, and on which devices."""
    assert actor.person_id is not None
    sessions = await queries.live_sessions(session, actor.person_id, here=actor.session_id, now=utc_now())
    person = await queries.person(session, actor.person_id)
    return page(request, actor, "me.html", for_families=not actor.is_staff, person=person, sessions=sessions)


@router.post("/sign-out-everywhere")
async def sign_out_everywhere(request: Request, actor: SignedIn, session: Transaction) -> Response:
    """Ends every session, this one included."""
    length = settings_of(request).session_length
    way_out = await commands.way_out_of(session, actor.session_id)
    await commands.sign_out_everywhere(session, actor=actor, length=length, now=utc_now())
    return leave(request, way_out)
