"""Topics and users of Kafka as resources of Strimzi, made from the code; `python -m deploy.strimzi` writes them."""

import sys
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path

from deploy.acls import OPERATOR, USERS, Resource, rights_of
from shared.events import TOPICS
from shared.messaging.topics import wanted_config
from shared.settings import ServiceSettings

FOLDER = Path(__file__).parent / "kubernetes" / "kafka"
CLUSTER = "crosswalk"
PARTITIONS, REPLICAS = 12, 3
"""Of the base; an overlay says what it needs."""
MADE = "# Made from the code by python -m deploy.strimzi. Do not edit; overlays patch.\n"
PATTERN_KINDS = {Resource.TOPIC: "topic", Resource.GROUP: "group", Resource.CLUSTER: "cluster"}


def files() -> dict[Path, str]:
    """What each file must hold."""
    return {
        FOLDER / "topics.yaml": MADE + "---\n".join(_topic(name) for name in TOPICS),
        FOLDER / "users.yaml": MADE + "---\n".join(_user(name) for name in (*USERS, OPERATOR)),
    }


def _topic(name: str) -> str:
    config = wanted_config(name, ServiceSettings(service="people", kafka_replication=REPLICAS))
    return f"""apiVersion: kafka.strimzi.io/v1
kind: KafkaTopic
metadata:
  name: {name}
  labels:
    strimzi.io/cluster: {CLUSTER}
spec:
  partitions: {PARTITIONS}
  replicas: {REPLICAS}
  config:
{_lines(config)}"""


def _lines(config: Mapping[str, str]) -> str:
    return "".join(f"    {key}: {value}\n" for key, value in config.items())


def _user(name: str) -> str:
    return f"""apiVersion: kafka.strimzi.io/v1
kind: KafkaUser
metadata:
  name: crosswalk-{name}
  labels:
    strimzi.io/cluster: {CLUSTER}
spec:
  authentication:
    type: scram-sha-512
  authorization:
    type: simple
    acls:
{"".join(_rights(name))}"""


def _rights(user: str) -> Iterable[str]:
    for (resource, name), rights in groupby(rights_of(user), key=lambda right: (right.resource, right.name)):
        operations = ", ".join(right.operation.name.title().replace("_", "") for right in rights)
        # There is one cluster, so Strimzi knows no name for it.
        named = f"\n          name: {name}" if resource is not Resource.CLUSTER else ""
        yield f"""      - resource:
          type: {PATTERN_KINDS[resource]}{named}
        operations: [{operations}]
"""


def main() -> None:
    """Write the files."""
    for path, content in files().items():
        path.write_text(content)
        print(path, file=sys.stderr)


if __name__ == "__main__":
    main()
