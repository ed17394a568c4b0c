"""One Kafka server: a folder, a port, a Java process that ends with us."""

import base64
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from deploy.broker import free_port
from deploy.children import dies_with_us, last_words, open_log
from deploy.kafka import jars
from deploy.trouble import Trouble

WAIT_READY = 90.0
"""Seconds; a start takes about five, more on a machine that is busy."""
HEAP = "-Xmx512m"

SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    # Topics are made on purpose: a client that errs in a name must hear so.
    "auto.create.topics.enable": "false",
    # One node: its own topics have one copy, and few partitions, so that it starts quickly.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "4",
    "group.initial.rebalance.delay.ms": "0",
    # A server that was killed registers anew at once, not when its old session ends.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
}


class KafkaServer:
    """Apache Kafka on this machine only; `settings` are Kafka's own, on top of ours.

    `proxies` are more doors: each `name: (port, advertised port)` is a listener of its own, whose clients are told to
    come to the advertised port (so that a proxy can stand before it). `java` are options of the Java machine, `format`
    those with which a new folder is formatted.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        *,
        settings: Mapping[str, str] | None = None,
        proxies: Mapping[str, tuple[int, int]] | None = None,
        java: Sequence[str] = (),
        format: Sequence[str] = (),
    ) -> None:
        self.folder, self.port, self.java, self.format = folder, port, (HEAP, *java), format
        self.settings, self.proxies = dict(settings or {}), dict(proxies or {})
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "kafka.log"

    def start(self) -> None:
        """Format the folder if it is new, start, and wait until the port is open. Raises `Trouble`."""
        classes = f"{jars.fetch()}/*"
        if _open(self.port):
            raise Trouble(f"Port {self.port} is in use. Choose another.")
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "server.properties"
        config.write_text("".join(f"{name}={value}\n" for name, value in self._properties().items()))
        if not (self.folder / "log" / "meta.properties").exists():
            self._format(classes, config)
        self._launch(["java", *self.java, "-Dlog4j2.level=WARN", "-cp", classes, "kafka.Kafka", str(config)])
        self._ready()

    def stop(self) -> None:
        """Ask it to end; kill it where it does not within ten seconds (what it has acknowledged is on the disk)."""
        if self.process is None:
            return
        self.resume()
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def pause(self) -> None:
        """Freeze it: it keeps its connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self._signal(signal.SIGCONT)

    def wipe(self) -> None:
        """Empty the disk of a server that is not running: the next start is a new cluster."""
        assert self.process is None
        shutil.rmtree(self.folder / "log", ignore_errors=True)

    def _signal(self, which: signal.Signals) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.send_signal(which)

    def _properties(self) -> dict[str, str]:
        controller = free_port()
        doors = {"PLAINTEXT": (self.port, self.port), **self.proxies}
        own = [f"{name}://127.0.0.1:{port}" for name, (port, _) in doors.items()]
        told = [f"{name}://127.0.0.1:{port}" for name, (_, port) in doors.items()]
        return {
            **SETTINGS,
            "listeners": ",".join([*own, f"CONTROLLER://127.0.0.1:{controller}"]),
            "advertised.listeners": ",".join(told),
            "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in [*doors, "CONTROLLER"]),
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "log.dirs": str(self.folder / "log"),
            **self.settings,
        }

    def _format(self, classes: str, config: Path) -> None:
        # In one word: one in 64 begins with a dash, and would be taken for an option.
        cluster = "--cluster-id=" + base64.urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")
        done = subprocess.run(
            ["java", *self.java, "-cp", classes, "kafka.tools.StorageTool", "format", cluster, "-c", str(config),
             *self.format],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise Trouble(f"Kafka's folder could not be formatted: {done.stderr.strip()[-300:]}")

    def _launch(self, command: Sequence[str]) -> None:
        log = open_log(self.log)
        try:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                # At once: one that stands still (`pause`) would not hear a gentler word.
                start_new_session=True, preexec_fn=dies_with_us(signal.SIGKILL),
            )  # fmt: skip
        finally:
            os.close(log)

    def _ready(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + WAIT_READY
        while not _open(self.port):
            if self.process.poll() is not None:
                raise Trouble(f"Kafka does not start: {last_words(self.log)} Its log: {self.log}")
            if time.monotonic() > deadline:
                raise Trouble(f"Kafka does not answer after {WAIT_READY:g} s. Its log: {self.log}")
            time.sleep(0.05)


def _open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
