"""What a person typed into the search form, read as a search; refuses in words beside the field."""

import re
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from services.audit.queries import Search
from shared.refusals import Kind, Refusal

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
LATEST = date.max - timedelta(days=2)


class Asked(BaseModel):
    """The form's fields as they came; empty ones do not narrow."""

    thing: str = Field(default="", max_length=500)
    person: str = Field(default="", max_length=500)
    type: str = Field(default="", max_length=200)
    since: str = Field(default="", max_length=40)
    until: str = Field(default="", max_length=40)


def read(asked: Asked, zone: ZoneInfo) -> Search:
    """The search that was asked for; days are the district's, the last one included. Refuses with INVALID."""
    wrong: dict[str, str] = {}
    thing, person = _id(asked, "thing", wrong), _id(asked, "person", wrong)
    since, until = _day(asked, "since", wrong), _day(asked, "until", wrong)
    if since and until and until < since:
        wrong["until"] = "The last day lies before the first. Swap them."
    if wrong:
        raise Refusal(Kind.INVALID, "search_unclear", "", fields=wrong)
    return Search(
        thing=thing,
        person=person,
        type=asked.type.strip() or None,
        since=_midnight(since, zone) if since else None,
        before=_midnight(until + timedelta(days=1), zone) if until else None,
    )


def _id(asked: Asked, name: str, wrong: dict[str, str]) -> UUID | None:
    """An id in what was pasted: alone, in `person:...`, or in the address of a page."""
    text = getattr(asked, name).strip()
    if not text:
        return None
    found = _ID.search(text)
    if found is None:
        wrong[name] = "This holds no id. Paste an id, or the address of the page of the person or thing."
        return None
    return UUID(found[0])


def _day(asked: Asked, name: str, wrong: dict[str, str]) -> date | None:
    text = getattr(asked, name).strip()
    if not text:
        return None
    try:
        return min(date.fromisoformat(text), LATEST)
    except ValueError:
        wrong[name] = "This is no day. Write it as 2026-11-21."
        return None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
