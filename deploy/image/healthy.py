#!/usr/bin/env -S python3 -IS
"""The image's health command: exit code 0 while the process is ready, as its monitor port says (see `crosswalk serve`).

Only the standard library, since it runs every few seconds in every container.
"""

import os
import socket
import sys

WAIT = 4.0
"""Seconds."""


def main() -> None:
    """Ask /readyz; say what it answers where that is not yes."""
    port = int(os.environ.get("CROSSWALK_MONITOR_PORT", "9100"))
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=WAIT) as asked:
            asked.sendall(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            answer = b"".join(iter(lambda: asked.recv(4096), b""))
    except OSError as error:
        sys.exit(f"the monitor port {port} does not answer: {error}")
    if b" 200 " not in answer.split(b"\r\n", 1)[0]:
        sys.exit(answer.decode(errors="replace").split("\r\n\r\n")[-1])


if __name__ == "__main__":
    main()
