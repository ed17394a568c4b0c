"""How somebody wants to be reached."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.models import Preference
from shared.events.notifications import PreferencesChanged
from shared.events.vocabulary import LANGUAGES
from shared.identity import Actor
from shared.messaging import emit
from shared.refusals import Kind, Refusal
from shared.translations import mark

NO_SUCH_LANGUAGE = mark("Choose one of the languages in the list.")


async def set_preferences(
    session: AsyncSession, language: str, email: bool, *, actor: Actor, now: datetime
) -> Preference:
    """From now on write to the actor in this language, by e-mail or only in the app."""
    assert actor.person_id is not None
    if language not in LANGUAGES:
        raise Refusal(Kind.INVALID, "no_such_language", NO_SUCH_LANGUAGE, fields={"language": NO_SUCH_LANGUAGE})
    kept = await session.get(Preference, actor.person_id)
    if kept is None:
        kept = Preference(person_id=actor.person_id, changed_at=now)
    elif (kept.language, kept.email) == (language, email):
        return kept
    kept.language, kept.email, kept.changed_at = language, email, now
    session.add(kept)
    await session.flush()
    changed = PreferencesChanged(person_id=actor.person_id, language=language, by_email=email)
    await emit(session, changed, actor=actor, now=now)
    return kept
