"""What searches have in common."""

from typing import Any

from pydantic import BeforeValidator
from sqlalchemy import ColumnElement, func
from sqlmodel import col

from services.agreements.words import line

MOST_WORDS = 8
"""Words of a search that count."""


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


Blank = BeforeValidator(_blank_is_none)
"""An empty field of a form says nothing."""


def words_in(text: str, *where: Any) -> list[ColumnElement[bool]]:
    """Each word of a text must occur in one of these columns."""
    place = func.concat_ws(" ", *map(col, where))
    return [place.icontains(word, autoescape=True) for word in line(text).split()[:MOST_WORDS]]
