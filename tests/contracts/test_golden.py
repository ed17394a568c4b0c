"""Golden examples: what was published once is read for ever. Files here are only ever added.

A new fact gets its example by `python -m tests.contracts.test_golden`, which writes those that are missing.
"""

import json
from pathlib import Path

import pytest

from shared.events import FACTS, Fact
from shared.events.base import Erasure

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("type_", FACTS)
def test_every_fact_has_a_golden_example(type_: str) -> None:
    assert list(GOLDEN.glob(f"{type_}*.json")), f"{type_} has no golden example"


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda p: p.stem)
def test_a_golden_example_still_reads_and_says_the_same(path: Path) -> None:
    example = json.loads(path.read_text())

    fact = FACTS[example["type"]].model_validate(example["data"])

    assert fact.subject == example["subject"]
    assert fact.topic == example["topic"]
    said = fact.data()
    assert {name: said[name] for name in example["data"]} == example["data"]


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda p: p.stem)
def test_fields_that_are_not_known_yet_are_ignored(path: Path) -> None:
    example = json.loads(path.read_text())

    fact = FACTS[example["type"]].model_validate({**example["data"], "invented_later": {"deep": [1]}})

    assert isinstance(fact, Fact)


@pytest.mark.parametrize("fact", [f for f in FACTS.values() if not f.topic.startswith("people.persons")])
def test_no_fact_but_a_persons_state_has_a_place_for_a_name_or_an_address(fact: type[Fact]) -> None:
    personal = {"given_name", "family_name", "email", "phone", "address", "note", "words", "text", "birth_date"}

    assert personal & set(fact.model_fields) == set()


def test_an_erasure_carries_nothing_but_the_id() -> None:
    for fact in FACTS.values():
        if issubclass(fact, Erasure):
            assert set(fact.model_fields) == {fact.key}


def write_missing() -> None:
    """Write an example for every fact that has none, from its JSON schema with fixed values."""
    from tests.contracts.examples import example_of

    for type_, fact in FACTS.items():
        path = GOLDEN / f"{type_}.json"
        if not path.exists():
            made = example_of(fact)
            body = {"type": type_, "topic": fact.topic, "subject": made.subject, "data": made.data()}
            path.write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    write_missing()
