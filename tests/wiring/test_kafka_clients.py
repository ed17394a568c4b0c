"""Every Kafka client is made with the arguments of one place, so that none goes without TLS, user and password."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLIENTS = ("AIOKafkaAdminClient", "AIOKafkaConsumer", "AIOKafkaProducer", "PatientConsumer")


def calls(*names: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call of one of these in the product, with where it is."""
    for folder in ("shared", "services", "deploy"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if any(name in (code := path.read_text()) for name in names):
                for node in ast.walk(ast.parse(code)):
                    if isinstance(node, ast.Call) and ast.unparse(node.func) in names:
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def spread(call: ast.Call) -> str:
    """What is spread into a call with two stars."""
    return " ".join(ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg is None)


def test_every_kafka_client_is_made_with_the_arguments_of_one_place() -> None:
    made = list(calls(*CLIENTS))
    made += [(where, call) for where, call in calls("partial") if call.args and ast.unparse(call.args[0]) == "patient"]

    assert len(made) >= 5
    assert [where for where, call in made if "client_arguments(" not in spread(call)] == []


def test_the_consumers_framework_opens_no_connection_of_its_own() -> None:
    made = list(calls("KafkaBroker"))

    assert made
    for where, call in made:
        assert "consumer_only" in {keyword.arg for keyword in call.keywords}, where
