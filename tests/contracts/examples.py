"""An example of any fact, made from the types of its fields: the same at every call."""

from datetime import UTC, date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BaseModel

from shared.events import Fact


def example_of(fact: type[Fact]) -> Fact:
    """A fact with every field filled in."""
    return fact.model_validate(_fields(fact))


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {name: _value(field.annotation, name) for name, field in model.model_fields.items()}


def _value(annotation: Any, name: str) -> Any:
    if get_origin(annotation) in (Union, UnionType):
        return _value(next(a for a in get_args(annotation) if a is not NoneType), name)
    if get_origin(annotation) is tuple:
        return (_value(get_args(annotation)[0], name),)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _fields(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return next(iter(annotation))
    return _plain(annotation, name)


def _plain(annotation: Any, name: str) -> Any:
    made = {
        UUID: uuid5(NAMESPACE_URL, name),
        datetime: datetime(2026, 11, 21, 15, 4, 5, tzinfo=UTC),
        date: date(2026, 11, 21),
        int: 7,
        float: 42.36,
        bool: True,
        str: name.replace("_", " "),
    }
    return made[annotation]
