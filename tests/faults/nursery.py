"""Starts the rig's processes: one that has imported everything and forks, so that a start costs no second of CPU.

Reads orders as lines of JSON (`kind`, `config`), answers each with the process number. Ends, with all of them, when its
input ends.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import uvicorn

from deploy.children import dies_with_us
from shared import failpoints
from shared.messaging.worker import Worker
from shared.observability.logs import configure_logging
from tests.faults import sabotage, things
from tests.faults.things import Config


async def work(config: Config) -> None:
    """A worker: consumer, relay, housekeeping."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await Worker(config.settings(), handlers=things.handlers(config)).run(stop)


async def serve(config: Config) -> None:
    """A web process."""
    uv = uvicorn.Config(things.web(config), host="127.0.0.1", port=config.port, log_config=None, access_log=False)
    await uvicorn.Server(uv).serve()


KINDS = {"worker": work, "web": serve}


def main() -> None:
    """Fork for each order."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    dies = dies_with_us(signal.SIGKILL)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            dies()
            _be(order["kind"], Config.of(order["config"]), order["log"])
        print(pid, flush=True)


def _be(kind: str, config: Config, log: str) -> None:
    """Become the process that was asked for; never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    try:
        configure_logging(config.service)
        failpoints.arm(config.failpoints)
        sabotage.plant(config.sabotage)
        asyncio.run(KINDS[kind](config))
        os._exit(0)
    except BaseException as error:
        print(f"{kind} ended: {error!r}", file=sys.stderr, flush=True)
        os._exit(1)


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main()
