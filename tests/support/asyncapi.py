"""Whether what is on a topic agrees with the AsyncAPI document of the service that says it."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema import Draft7Validator, FormatChecker

from shared.asyncapi import document, says
from shared.events import FACTS


@cache
def _validators(service: str, type_: str) -> tuple[str, Draft7Validator, Draft7Validator]:
    """The topic of a type of event, and the schemas of its headers and its value."""
    whole = document(service)
    message = whole["components"]["messages"][type_]
    (topic,) = (channel["address"] for channel in whole["channels"].values() if type_ in channel["messages"])
    around = {"components": whole["components"]}
    return topic, *(_validator(message[part] | around) for part in ("headers", "payload"))


def _validator(schema: Mapping[str, Any]) -> Draft7Validator:
    if "$ref" in schema:  # Draft 7 reads nothing beside a reference.
        schema = {"allOf": [{"$ref": schema["$ref"]}], "components": schema["components"]}
    return Draft7Validator(schema, format_checker=FormatChecker())


def disagreements(topic: str, headers: Mapping[str, str], value: Any) -> list[str]:
    """What about an event is not as the document says; `value` is its JSON, None for a tombstone."""
    service = says(FACTS[headers["ce_type"]])[0]
    where, of_headers, of_value = _validators(service, headers["ce_type"])
    found = [*of_headers.iter_errors(dict(headers)), *of_value.iter_errors(value)]
    wrong = [f"{headers['ce_type']}: {'.'.join(map(str, e.path))}: {e.message}" for e in found]
    return wrong if topic == where else [*wrong, f"{headers['ce_type']} on {topic}, not {where}"]
