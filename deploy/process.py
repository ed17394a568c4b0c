"""What the runner starts: `python -m deploy.process web|workers`.

Each imports what it needs at once and then waits for orders, one word a line, on its input; it answers with JSON lines
on its output. It ends when its input ends, so it never outlives the runner.
"""

import asyncio
import gc
import json
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib import import_module
from typing import Any


def tell(**message: Any) -> None:
    """Say something to the runner."""
    with suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


class Orders:
    """What the runner wants, word by word; `""` when it is gone."""

    def __init__(self) -> None:
        self._reader = asyncio.StreamReader()

    async def open(self) -> None:
        """Listen to the input."""
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(self._reader), sys.stdin)

    async def next(self) -> str:
        """The next order."""
        return (await self._reader.readline()).decode().strip()

    async def expect(self, word: str, **others: Callable[[], Awaitable[None]]) -> None:
        """Wait for this order, obeying others before it; end where the runner goes away instead."""
        while (order := await self.next()) != word:
            if not order:
                os._exit(0)
            if order in others:
                await others[order]()


Role = Callable[[Orders], Awaitable[None]]
ROLES = ("web", "workers")


def role(name: str) -> Role:
    """The role of that name, imported with all it needs."""
    if name not in ROLES:
        raise SystemExit(f"usage: python -m deploy.process {'|'.join(ROLES)}")
    run: Role = import_module(f"deploy.{name}").run
    return run


async def _run(name: str) -> None:
    orders = Orders()
    await orders.open()
    await role(name)(orders)


def main() -> None:
    """Be the process that the first argument names."""
    # Imports make hundreds of thousands of objects that stay: looking through them for garbage is time lost.
    gc.disable()
    import uvloop

    from shared.observability.logs import configure_logging
    from shared.observability.spans import export_spans

    configure_logging(sys.argv[1])
    export_spans(sys.argv[1], os.environ.get("CROSSWALK_OTLP_ENDPOINT", ""))
    with suppress(KeyboardInterrupt):
        uvloop.run(_run(sys.argv[1]))


if __name__ == "__main__":
    main()
