"""Why a program fits what was asked for: codes for programs, which `labels` says in words."""

from pydantic import BaseModel

from services.agreements.queries import ProgramSearch, ProgramView
from services.agreements.queries.search import needs_called, words_of
from services.agreements.rules.times import PERIODS
from services.agreements.words import plain
from shared.events.vocabulary import Need

_STEM = 4
"""Letters of a word that its other forms share, mostly."""


class Why(BaseModel):
    """One reason: what fits (`words`, `need`, `grade`, `age`, `language`, `school`, `time`, `free`, `room`, `near`)."""

    what: str
    value: str = ""
    """The words that were found, the code, the age, the time, the places, the metres; empty for what fits everybody."""


def why_it_fits(search: ProgramSearch, program: ProgramView) -> list[Why]:
    """The reasons, in the order of the form; none where nothing was asked for."""
    asked: list[Why | None] = [
        *_words(search, program),
        Why(what="need", value=search.need) if search.need else None,
        Why(what="grade", value=search.grade if program.grades else "") if search.grade else None,
        Why(what="age", value=str(search.age)) if search.age is not None else None,
        Why(what="language", value=search.language) if search.language else None,
        Why(what="school", value=str(search.school) if program.school_ids else "") if search.school else None,
        *_times(search, program),
        Why(what="free") if search.free else None,
        Why(what="room", value=str(program.open_places)) if search.room else None,
        Why(what="near", value=str(round(program.distance))) if program.distance is not None else None,
    ]
    return [why for why in asked if why]


def _words(search: ProgramSearch, program: ProgramView) -> list[Why]:
    """The words that stand in its name or its text, and the needs that are called so."""
    said = plain(f"{program.name} {program.organization_name} {program.description} {program.site}").split()
    found = [
        w
        for w in words_of(search)
        if any(word.strip(".,;:()").startswith(w[: max(_STEM, len(w) - 2)]) for word in said)
    ]
    needs = [
        n for n in program.needs if n != search.need and any(f"'need:{n}'" in needs_called(w) for w in words_of(search))
    ]
    return [Why(what="words", value=" ".join(found))] * bool(found) + [Why(what="need", value=Need(n)) for n in needs]


def _times(search: ProgramSearch, program: ProgramView) -> list[Why]:
    """The times of its week that are among what was asked for."""
    since, until = PERIODS[search.time] if search.time else ("00:00", "24:00")
    if not (search.day or search.time):
        return []
    fits = [t for t in program.times if t[:2] == (search.day or t[:2]) and t[3:8] < until and t[9:14] > since]
    return [Why(what="time", value="; ".join(fits))] if fits else []
