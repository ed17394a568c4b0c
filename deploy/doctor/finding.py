"""One thing that was looked at."""

import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found. `to_do` is for the person, where it is not well."""

    what: str
    well: bool
    words: str
    to_do: str = ""


async def careful(what: str, look: Callable[[], Awaitable[Finding]], to_do: str) -> Finding:
    """What a look finds; where it cannot be taken, that."""
    try:
        return await look()
    except Exception as error:
        return Finding(what, False, f"cannot be read: {error}", to_do)


def port(what: str, host: str, number: int, words: str) -> Finding:
    """Whether something listens there."""
    with socket.socket() as probe:
        probe.settimeout(2)
        if probe.connect_ex((host, number)) == 0:
            return Finding(what, True, words)
    return Finding(what, False, f"{host}:{number} does not answer", "Stop crosswalk up with Ctrl-C and start it again.")
