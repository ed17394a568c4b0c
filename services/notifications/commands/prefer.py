"""How somebody wants to be reached."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.models import Preference
from shared.events.notifications import PreferencesChanged
from shared.events.vocabulary import LANGUAGES, REMIND_BEFORE
from shared.identity import Actor
from shared.messaging import emit
from shared.refusals import Kind, Refusal
from shared.translations import mark
from shared.zones import is_zone

NO_SUCH_LANGUAGE = mark("Choose one of the languages in the list.")
NO_SUCH_TIME = "Choose among the times in the list."
NO_SUCH_ZONE = "Choose one of the time zones in the list."


async def set_preferences(
    session: AsyncSession,
    language: str,
    email: bool,
    *,
    remind_before: Sequence[int] | None = None,
    time_zone: str | None = None,
    actor: Actor,
    now: datetime,
) -> Preference:
    """From now on write to the actor in this language, by e-mail or only in the app.

    Remind of meetings at these times before them (minutes; None: the usual ones), by the clock of this zone (IANA;
    None: the district's).
    """
    assert actor.person_id is not None
    _refuse_unknown(language, remind_before or (), time_zone)
    chosen = None if remind_before is None else sorted(set(remind_before), reverse=True)
    kept = await session.get(Preference, actor.person_id)
    if kept is None:
        kept = Preference(person_id=actor.person_id, changed_at=now)
    elif (kept.language, kept.email, kept.remind_before, kept.time_zone) == (language, email, chosen, time_zone):
        return kept
    kept.language, kept.email, kept.changed_at = language, email, now
    kept.remind_before, kept.time_zone = chosen, time_zone
    session.add(kept)
    await session.flush()
    changed = PreferencesChanged(
        person_id=actor.person_id, language=language, by_email=email, time_zone=time_zone,
        remind_before=None if chosen is None else tuple(chosen),
    )  # fmt: skip
    await emit(session, changed, actor=actor, now=now)
    return kept


def _refuse_unknown(language: str, remind_before: Sequence[int], time_zone: str | None) -> None:
    if language not in LANGUAGES:
        raise Refusal(Kind.INVALID, "no_such_language", NO_SUCH_LANGUAGE, fields={"language": NO_SUCH_LANGUAGE})
    if not set(remind_before) <= REMIND_BEFORE.keys():
        raise Refusal(Kind.INVALID, "no_such_time", NO_SUCH_TIME, fields={"remind_before": NO_SUCH_TIME})
    if time_zone is not None and not is_zone(time_zone):
        raise Refusal(Kind.INVALID, "no_such_zone", NO_SUCH_ZONE, fields={"time_zone": NO_SUCH_ZONE})
