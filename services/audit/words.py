"""Events, actors and ids in words and addresses, for the log's pages."""

import inspect
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.events import FACTS

PAGES = {
    "referral": "/referrals/{id}",
    "student": "/referrals/students/{id}",
    "program": "/agreements/programs/{id}",
    "organization": "/agreements/partners/{id}",
}
"""Where a thing is shown, by what the field that holds its id is called."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of an event: a word, or an id with what can be opened by it."""

    text: str
    id: UUID | None = None
    page: str | None = None
    """The thing's own page, where it has one."""


def title(type: str) -> str:
    """`referral.consent_given.v1` -> "Referral consent given"; any type has one."""
    words = type.rpartition(".v")[0] or type
    return words.replace(".", " ").replace("_", " ").capitalize()


def meaning(type: str) -> str:
    """The public meaning of an event in a sentence; empty where the type is not known here."""
    fact = FACTS.get(type)
    return (inspect.getdoc(fact) or "").partition("\n")[0] if fact else ""


def kinds() -> list[tuple[str, str]]:
    """All known event types with their titles, as choices."""
    return sorted(((type, title(type)) for type in FACTS), key=lambda choice: choice[1])


def service(source: str) -> str:
    """`/services/referrals` -> "referrals"."""
    return source.rpartition("/")[2]


def person(actor: str) -> UUID | None:
    """The person who acted; None where a service did."""
    kind, _, id = actor.partition(":")
    return _id(id) if kind == "person" else None


def who(actor: str) -> str:
    """Who acted, in words."""
    kind, _, name = actor.partition(":")
    if kind == "system":
        return f"The {name} service by itself"
    return f"Person {short(name)}" if kind == "person" else actor or "Not said"


def short(id: object) -> str:
    """Enough of an id to tell it from its neighbours: its end, since ids of one moment begin alike."""
    text = str(id)
    return f"…{text[-6:]}" if _id(text) else text


def subject(type: str, id: str) -> Value:
    """What an event is about."""
    fact = FACTS.get(type)
    return _value(fact.key if fact else "", id)


def said(data: str) -> list[tuple[str, list[Value]]] | None:
    """The values of an event by name; None where they are no JSON object."""
    try:
        parsed = json.loads(data)
    except ValueError:
        return None
    if not isinstance(parsed, dict):
        return None
    return [(_label(name), list(_values(name, value))) for name, value in parsed.items()]


def _label(name: str) -> str:
    return name.removesuffix("_id").removesuffix("_ids").replace("_", " ").capitalize()


def _values(name: str, value: Any) -> Iterator[Value]:
    if isinstance(value, list):
        for one in value:
            yield from _values(name, one)
    elif isinstance(value, str):
        yield _value(name, value)
    elif value is not None:
        yield Value(json.dumps(value, ensure_ascii=False))


def _value(name: str, text: str) -> Value:
    id = _id(text)
    if id is None:
        return Value(text)
    page = PAGES.get(name.removesuffix("s").removesuffix("_id"))
    return Value(text, id, page.format(id=id) if page else None)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
