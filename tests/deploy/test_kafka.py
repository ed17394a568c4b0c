"""Apache Kafka as a process of its own: it keeps what it took over a kill, and a wiped disk is a new cluster."""

import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.broker import free_port
from deploy.kafka.server import KafkaServer


async def cluster_of(server: KafkaServer) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=server.address)
    await admin.start()
    try:
        return str((await admin.describe_cluster())["cluster_id"])
    finally:
        await admin.close()


async def send(address: str, topic: str, *values: bytes) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=address, enable_idempotence=True, acks="all")
    await producer.start()
    for value in values:
        await producer.send_and_wait(topic, value)
    await producer.stop()


async def received(address: str, topic: str, count: int) -> list[bytes | None]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=address, auto_offset_reset="earliest")
    await consumer.start()
    try:
        return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


async def test_a_killed_kafka_keeps_what_it_took_and_a_wiped_one_is_another_cluster(
    own_kafka: KafkaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await send(own_kafka.address, "kept", b"one", b"two")
    before = await cluster_of(own_kafka)

    own_kafka.kill()
    own_kafka.start()
    kept, same = await received(own_kafka.address, "kept", 2), await cluster_of(own_kafka)
    own_kafka.stop()
    own_kafka.wipe()
    # This one's id begins with a dash.
    monkeypatch.setattr("deploy.kafka.server.uuid4", lambda: UUID(bytes=b"\xf8" * 16))
    own_kafka.start()

    assert kept == [b"one", b"two"]
    assert same == before
    assert (await cluster_of(own_kafka)).startswith("-")


def test_make_kafka_serves_until_ctrl_c_and_leaves_no_process(own_kafka: KafkaServer, tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "deploy.kafka", "--port", str(port), "--data", str(tmp_path / "kafka")]

    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(3)]
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=60)

    assert f"runs at 127.0.0.1:{port}" in said[0], said
    assert f"KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:{port} make up" in said[1]
    assert rest == "\nStopping\n"
    assert process.returncode == 0
    assert subprocess.run(["pgrep", "-f", str(tmp_path / "kafka")], check=False).returncode == 1


def test_a_port_in_use_is_said_and_nothing_is_started(own_kafka: KafkaServer, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deploy.kafka", "--port", str(own_kafka.port), "--data", str(tmp_path / "kafka")]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr == f"✗ Port {own_kafka.port} is in use. Choose another.\n"


def test_without_java_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deploy.kafka", "--data", str(tmp_path / "kafka")]
    monkeypatch.setenv("PATH", str(tmp_path))

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("✗ Apache Kafka needs Java 17 or newer")
