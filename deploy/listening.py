"""The address of the system: opened by the runner, so that it stays open while the web process is started again."""

import errno
import socket

from deploy.trouble import Trouble

WAITING = 512
"""Connections that may wait for the web process."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `Trouble` when the port is in use or not ours to take."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
        taken.listen(WAITING)
    except (OSError, OverflowError) as error:
        taken.close()
        raise Trouble(_why_not(host, port, error)) from None
    taken.setblocking(False)
    return taken


def _why_not(host: str, port: int, error: Exception) -> str:
    code = error.errno if isinstance(error, OSError) else None
    if code == errno.EADDRINUSE:
        return (
            f"Port {port} is in use by another program. Stop that program, or choose another port: "
            f"make up PORT={port + 1} (or crosswalk up --port {port + 1})."
        )
    if code == errno.EACCES:
        return f"Port {port} may only be opened by root. Choose one above 1023, such as --port 8000."
    return f"{host}:{port} cannot be opened ({error}). Choose another with --host and --port."
