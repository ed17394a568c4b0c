"""What the directory is asked for, and the words of it as the database understands them."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.programs_csv.grades import AGES
from services.agreements.queries.common import MOST_WORDS, Blank
from services.agreements.words import plain
from shared.events.vocabulary import GRADES, LANGUAGES, NEED_LABELS, Need
from shared.translations import spoken, translations

OLDEST = 25
"""Ages from here on are one."""
STEMMERS = {"es": "spanish", "fr": "french", "pt": "portuguese", "ar": "arabic"}
"""Configurations of full text for the languages that PostgreSQL knows; for the others words count as they stand."""
_LEAST = 3
"""Letters that a word must have to begin the word of a need."""


def _grade(value: str | None) -> str | None:
    if value is not None and value not in GRADES:
        raise ValueError(f"use one of {', '.join(GRADES)}")
    return value


def _language(value: str | None) -> str | None:
    if value is not None and value not in LANGUAGES:
        raise ValueError(f"use one of {', '.join(LANGUAGES)}")
    return value


Grade = Annotated[str | None, Blank, AfterValidator(_grade)]
Language = Annotated[str | None, Blank, AfterValidator(_language)]
Yes = Annotated[Literal["yes"] | None, Blank]


class ProgramSearch(BaseModel):
    """What programs are looked for; everything that is given must fit."""

    q: Annotated[str | None, Blank] = Field(
        default=None, max_length=200, description="Words, each of which must occur; accents and endings do not matter"
    )
    need: Annotated[Need | None, Blank] = None
    grade: Grade = None
    age: Annotated[int | None, Blank] = Field(default=None, ge=0, le=120, description="In years")
    language: Language = None
    school: Annotated[UUID | None, Blank] = None
    organization: Annotated[UUID | None, Blank] = None
    day: Annotated[Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"] | None, Blank] = None
    time: Annotated[Literal["morning", "afternoon", "evening"] | None, Blank] = Field(
        default=None, description="Until noon, until 5 pm, after it"
    )
    free: Yes = Field(default=None, description="Costs nothing")
    room: Yes = Field(default=None, description="Has a place free now")
    near: Annotated[str | None, Blank] = Field(
        default=None,
        max_length=100,
        description="A neighborhood, a postal code, a school's name, or latitude and longitude",
    )
    within: Annotated[int | None, Blank] = Field(default=None, ge=1, le=500_000, description="Metres; with `near`")
    status: Literal["open", "paused", "closed", "any"] = "open"
    sort: Literal["best", "name", "partner", "changed"] = "best"

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is asked for."""
        said = self.model_dump(exclude={"status", "sort", "within"})
        return any(value is not None for value in said.values())

    @property
    def says_more(self) -> bool:
        """Whether one of the choices is made that the page folds away."""
        return any(
            v is not None for v in (self.age, self.within, self.day, self.time, self.school, self.free, self.room)
        )


def facets(search: ProgramSearch) -> Iterator[str]:
    """What a search asks for beside words, each as a query of PostgreSQL's full text."""
    if search.status != "any":
        yield _one("status", search.status)
    if search.need:
        yield _one("need", search.need)
    if search.grade:
        yield _any(_one("grade", search.grade), _one("grade", "any"))
    if search.age is not None:
        yield _of_age(search.age)
    if search.language:
        yield _one("lang", search.language)
    if search.school:
        yield _any(_one("school", search.school), _one("school", "any"))
    if search.organization:
        yield _one("org", search.organization)
    yield from _when(search)
    if search.free:
        yield _one("cost", "free")
    if search.room:
        yield _one("room", "yes")


def _when(search: ProgramSearch) -> Iterator[str]:
    if search.day and search.time:
        yield _one("when", f"{search.day}:{search.time}")
    elif search.day:
        yield _one("day", search.day)
    elif search.time:
        yield _one("time", search.time)


def _of_age(age: int) -> str:
    """A program says ages, or else grades; in its grades somebody of this age usually is."""
    usual = [_one("grade", code) for code, (start, end) in AGES.items() if start <= age <= end]
    by_grade = f"({_one('age', 'any')} & {_any(_one('grade', 'any'), *usual)})"
    return _any(_one("age", min(age, OLDEST)), by_grade)


def _one(kind: str, value: object) -> str:
    return f"'{kind}:{value}'"


def _any(*queries: str) -> str:
    return f"({' | '.join(queries)})"


def words_of(search: ProgramSearch) -> list[str]:
    """The words that are asked for, without accents."""
    return re.findall(r"[^\W_]+", plain(search.q or ""))[:MOST_WORDS]


async def words_query(session: AsyncSession, search: ProgramSearch) -> str:
    """The words of a search as a query of PostgreSQL's full text; empty where it has none that count.

    A word fits itself, its beginning, its stem in each language, and a need that is called so in any of ours. Words
    that say nothing ("for", "con") are passed over in English and in the reader's language.
    """
    words = words_of(search)
    if not words:
        return ""
    found = await session.execute(_ASKED, {"words": words, "config": STEMMERS.get(spoken(), "english")})
    rows = [(word, asked, says_something) for word, asked, says_something in found]
    telling = [(word, asked) for word, asked, says_something in rows if says_something]
    return " & ".join(_any(asked, *needs_called(word)) for word, asked in telling or [row[:2] for row in rows])


_ASKED = text("""
    SELECT word, CAST(asked_for(word) AS text), numnode(plainto_tsquery('english', word)) > 0
        AND numnode(plainto_tsquery(CAST(CAST(:config AS text) AS regconfig), word)) > 0
    FROM unnest(CAST(:words AS text[])) WITH ORDINALITY AS said (word, place) ORDER BY place
""")


def needs_called(word: str) -> list[str]:
    """The needs with a name, in any language, in which a word begins so."""
    if len(word) < _LEAST and word.isascii():
        return []
    fits = [need for need, names in _names_of_needs().items() if any(name.startswith(word) for name in names)]
    return [_one("need", need) for need in fits]


@cache
def _names_of_needs() -> dict[Need, frozenset[str]]:
    said = {need: [translations(tag).gettext(label) for tag in LANGUAGES] for need, label in NEED_LABELS.items()}
    return {need: frozenset(re.findall(r"[^\W_]+", plain(" ".join(names)))) for need, names in said.items()}
