"""The shape of every contract: each class with its fields, each list of words with its words.

`shapes.json` is the shape that was published. It only ever grows: what is new is put in by
`python -m tests.contracts.test_golden`, what it holds is never edited.
"""

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from shared.events import FACTS
from shared.web.contracts import kind

PUBLISHED = Path(__file__).parent / "shapes.json"

Shape = dict[str, str] | list[str]
"""A class: each field with its kind and whether it must be there. A list of words: its words."""


def shapes() -> dict[str, Shape]:
    """The shapes of all facts and of what they are made of, by name, as the classes stand now."""
    _, whole = models_json_schema([(fact, "validation") for fact in FACTS.values()])
    return {name: _shape(schema) for name, schema in sorted(whole["$defs"].items())}


def _shape(schema: dict[str, Any]) -> Shape:
    if "enum" in schema:
        return list(schema["enum"])
    required = schema.get("required", [])
    fields = schema.get("properties", {}).items()
    return {name: f"{'must' if name in required else 'may'}: {kind(field)}" for name, field in fields}


def published() -> dict[str, Shape]:
    """The shapes as they were published."""
    found: dict[str, Shape] = json.loads(PUBLISHED.read_text()) if PUBLISHED.exists() else {}
    return found


def broken_promises(old: dict[str, Shape], new: dict[str, Shape]) -> list[str]:
    """What somebody who reads the old shapes, or who kept old events, would stumble over in the new ones."""
    return [wrong for name, shape in old.items() for wrong in _broken(name, shape, new.get(name))]


def _broken(name: str, old: Shape, new: Shape | None) -> list[str]:
    if isinstance(old, list):
        return [f"{name} lost the word {word}" for word in old if not isinstance(new, list) or word not in new]
    if not isinstance(new, dict):
        return [f"{name} is gone"]
    changed = [f"{name}.{f} was {was!r}, is {new.get(f)!r}" for f, was in old.items() if new.get(f) != was]
    added = [f"{name}.{f} is new and must be there" for f in new.keys() - old.keys() if new[f].startswith("must")]
    return changed + added


def grown(old: dict[str, Shape], new: dict[str, Shape]) -> dict[str, Shape]:
    """The old shapes with what the new ones add; what was there stays as it was."""
    return dict(sorted((new | {name: _grown(shape, new.get(name, shape)) for name, shape in old.items()}).items()))


def _grown(old: Shape, new: Shape) -> Shape:
    if isinstance(old, dict) and isinstance(new, dict):
        return new | old
    return [*old, *(word for word in new if word not in old)]
