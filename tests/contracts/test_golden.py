"""Golden examples: what was published once is read for ever. Files are only ever added, shapes only ever grow.

A new fact, and a fact with a new field, gets its example by `python -m tests.contracts.test_golden`, which writes
what is missing and puts it on record.
"""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from shared.events import FACTS, Fact
from shared.events.base import Erasure
from tests.contracts.examples import example_of
from tests.contracts.shapes import PUBLISHED, Shape, broken_promises, grown, published, shapes

GOLDEN = Path(__file__).parent / "golden"
DIGESTS = GOLDEN / "SHA256SUMS"


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


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda p: p.stem)
def test_a_golden_example_is_never_edited(path: Path) -> None:
    assert digests()[path.name] == sha256(path.read_bytes()).hexdigest()


def test_a_golden_example_is_never_removed() -> None:
    assert digests().keys() == {path.name for path in GOLDEN.glob("*.json")}


@pytest.mark.parametrize("type_", FACTS)
def test_every_field_of_a_fact_stands_in_a_golden_example(type_: str) -> None:
    examples = [json.loads(path.read_text()) for path in GOLDEN.glob(f"{type_}*.json")]

    assert set(FACTS[type_].model_fields) == {name for example in examples for name in example["data"]}


def test_a_contract_only_gains_optional_fields() -> None:
    assert broken_promises(published(), shapes()) == []


def test_what_a_contract_gained_is_on_record() -> None:
    assert published() == grown(published(), shapes())


OLD: dict[str, Shape] = {"Sent": {"id": "must: uuid", "need": "may: Need"}, "Need": ["food", "health"]}
BREAKING: dict[str, tuple[dict[str, Shape], str]] = {
    "a field that is gone": ({"Sent": {"id": "must: uuid"}}, "Sent.need was 'may: Need', is None"),
    "a field of another kind": ({"Sent": {"id": "must: string", "need": "may: Need"}}, "Sent.id was"),
    "a field that need not be there any more": ({"Sent": {"id": "may: uuid", "need": "may: Need"}}, "Sent.id was"),
    "a new field that must be there": (
        {"Sent": {"id": "must: uuid", "need": "may: Need", "by": "must: string"}},
        "Sent.by is new and must be there",
    ),
    "a word that is gone": ({"Need": ["food"]}, "Need lost the word health"),
}


@pytest.mark.parametrize(("change", "wrong"), BREAKING.values(), ids=BREAKING)
def test_a_change_that_breaks_a_contract_is_found(change: dict[str, Shape], wrong: str) -> None:
    (found,) = broken_promises(OLD, OLD | change)

    assert found.startswith(wrong)


def test_an_optional_field_and_a_further_word_break_nothing() -> None:
    new: dict[str, Shape] = {
        "Sent": {"id": "must: uuid", "need": "may: Need", "by": "may: string"},
        "Need": ["health", "arts", "food"],
    }

    assert broken_promises(OLD, new) == []
    assert grown(OLD, new)["Need"] == ["food", "health", "arts"]


def digests() -> dict[str, str]:
    """Each golden example with the digest of its bytes (SHA-256) when it was added."""
    lines = (line.split("  ") for line in DIGESTS.read_text().splitlines())
    return {name: digest for digest, name in lines}


def write_missing() -> None:
    """Write an example of every fact with a field that no example has, and put on record what is new."""
    for type_, fact in FACTS.items():
        paths = sorted(GOLDEN.glob(f"{type_}*.json"))
        shown = {name for path in paths for name in json.loads(path.read_text())["data"]}
        if not set(fact.model_fields) <= shown:
            made = example_of(fact)
            body = {"type": type_, "topic": fact.topic, "subject": made.subject, "data": made.data()}
            path = GOLDEN / (f"{type_}.{len(paths) + 1}.json" if paths else f"{type_}.json")
            path.write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n")
    known = digests()
    with DIGESTS.open("a") as on_record:
        for path in sorted(GOLDEN.glob("*.json")):
            if path.name not in known:
                on_record.write(f"{sha256(path.read_bytes()).hexdigest()}  {path.name}\n")
    PUBLISHED.write_text(json.dumps(grown(published(), shapes()), indent=2) + "\n")


if __name__ == "__main__":
    write_missing()
