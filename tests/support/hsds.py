"""Whether something is as HSDS 3.1 wants it: by its own schemas, with nothing in it that they do not name."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

SCHEMAS = Path(__file__).parents[1] / "contracts" / "hsds"


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(_strict(_schema(name)), format_checker=FormatChecker())


def _schema(name: str) -> Any:
    packed = SCHEMAS / f"{name}.json.gz"
    if packed.exists():
        return json.loads(gzip.decompress(packed.read_bytes()))
    return _whole(json.loads((SCHEMAS / f"{name}.json").read_text()))


def _whole(schema: Any) -> Any:
    """A schema with those that it refers to in it."""
    if isinstance(schema, list):
        return [_whole(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _schema(schema["$ref"].removesuffix(".json"))
    return {key: _whole(value) for key, value in schema.items()}


def _strict(schema: Any) -> Any:
    """A schema that lets nothing else in, as the specification's own check of its examples does it."""
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: _strict(value) for key, value in schema.items()}
    return strict | {"additionalProperties": False} if isinstance(schema.get("properties"), dict) else strict


def wrong(name: str, thing: Any) -> list[str]:
    """What about a thing is not as the schema of this name says."""
    found = _validator(name).iter_errors(thing)
    return [f"{'.'.join(map(str, error.path))}: {error.message[:200]}" for error in found]
