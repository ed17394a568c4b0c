"""The pages of this release at one address, without workers: `python -m tests.support.pages PORT`."""

import asyncio
import sys
from importlib import import_module

import uvicorn

from deploy.gateway import Gateway
from deploy.postgres import SERVICES
from deploy.web import FIRST


async def main(port: int) -> None:
    """Serve until a signal asks to stop."""
    gateway = Gateway(SERVICES, otherwise=FIRST)
    server = uvicorn.Server(uvicorn.Config(gateway, port=port, log_config=None, access_log=False, lifespan="on"))
    serving = asyncio.create_task(server.serve())
    for name in SERVICES:
        await gateway.join(name, import_module(f"services.{name}.app").create_app())
    await serving


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
