"""PostgreSQL's own programs `pg_dump` and `pg_restore`: those of the machine, or those that come with Crosswalk.

The machine's come first, since they can do TLS; the others are there where nobody installed any.
"""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg

from deploy.postgres import programs_folder
from deploy.trouble import Trouble


async def run(program: str, dsn: str, *arguments: str) -> None:
    """Run a program against a database. The password goes by the environment: `ps` shows arguments to everybody."""
    found = fitting(program, await _major(dsn))
    address, password = _without_password(dsn)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    if password:
        environment["PGPASSWORD"] = password
    process = await asyncio.create_subprocess_exec(
        found, *arguments, f"--dbname={address}", "--no-password",
        env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        _, said = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
        raise Trouble(f"{program} failed: {lines[0] if lines else f'exit code {process.returncode}'}")


def fitting(program: str, major: int) -> Path:
    """The program of a version that can talk to a server of this major version. Raises `Trouble`."""
    for path in _candidates(program):
        if (_version(path) or 0) >= major:
            return path
    raise Trouble(
        f"{program} of PostgreSQL {major} or newer is needed and not here. Install it "
        f"(Debian, Ubuntu: apt install postgresql-client-{major}), or run this where it is."
    )


def _candidates(program: str) -> Iterator[Path]:
    if (installed := shutil.which(program)) is not None:
        yield Path(installed)
    with suppress(Trouble):
        yield programs_folder() / program


@cache
def _version(path: Path) -> int | None:
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return None
    found = re.search(r"\) (\d+)", said)
    return int(found.group(1)) if found else None


async def _major(dsn: str) -> int:
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        return int(connection.get_server_version().major)
    finally:
        await connection.close()


def _without_password(dsn: str) -> tuple[str, str]:
    parts = urlsplit(dsn)
    account, at, host = parts.netloc.rpartition("@")
    name, _, password = account.partition(":")
    return urlunsplit(parts._replace(netloc=f"{name}{at}{host}")), unquote(password)
