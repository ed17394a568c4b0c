"""This machine: versions, clock, data folder, keys."""

import shutil
import stat
import sys
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import deploy
from deploy.doctor.finding import Finding, port
from deploy.folder import DataFolder
from deploy.trouble import Trouble
from shared.identity.keys import NAMES, private_key, public_key

LITTLE_ROOM = 1_000_000_000
"""Bytes on the disk below which it is time to make room."""
OLDEST_PYTHON = (3, 11)


def versions() -> Finding:
    """Ours and Python's."""
    words = f"Crosswalk {version('crosswalk')}, Python {sys.version.split()[0]}"
    to_do = "Install Python 3.11 or newer, then run make up."
    return Finding("Versions", sys.version_info >= OLDEST_PYTHON, words, to_do)


def clock() -> Finding:
    """A clock that stands in the past makes every session and link look as if it were from the future."""
    made = max(path.stat().st_mtime for folder in deploy.__path__ for path in Path(folder).glob("*.py"))
    well = time.time() > made - 86_400
    return Finding("Clock", well, time.strftime("%Y-%m-%d %H:%M:%S %Z"), "Set the machine's clock.")


def data_folder(folder: DataFolder) -> Finding:
    """Whether it can be used."""
    try:
        folder.prepare()
    except Trouble as trouble:
        return Finding("Data folder", False, str(folder.root), str(trouble))
    return Finding("Data folder", True, str(folder.root))


def room(root: Path) -> Finding:
    """On the disk of the data folder."""
    free = shutil.disk_usage(root).free
    return Finding("Disk", free > LITTLE_ROOM, f"{free / 1e9:.1f} GB free", "Make room on the disk.")


def keys(folder: Path) -> Finding:
    """Whether each pair fits together and nobody else can read the halves that sign."""
    found = sorted(folder.glob("*.pem"))
    if not found:
        return Finding("Keys", True, "none yet; they are made at the first start")
    if any(stat.S_IMODE(key.stat().st_mode) & 0o077 for key in found):
        to_do = f"chmod 600 {folder}/*.pem, for others on this machine could sign in as anybody."
        return Finding("Keys", False, f"{len(found)} signing keys", to_do)
    if broken := [name for name in NAMES if (folder / f"{name}.pem").exists() and not _fits(folder, name)]:
        to_do = "Put the keys back from a backup. With new ones (delete both halves) everybody must sign in again."
        return Finding("Keys", False, f"the two halves do not fit: {', '.join(broken)}", to_do)
    return Finding("Keys", True, f"{len(found)} signing keys")


def _fits(folder: Path, name: str) -> bool:
    try:
        return private_key(folder, name).public_key() == public_key(folder, name)
    except (OSError, ValueError):
        return False


def running(state: Mapping[str, Any] | None) -> Finding:
    """The system of one machine."""
    if state is None:
        return Finding("System", True, "not running (crosswalk up starts it)")
    address = urlsplit(str(state["url"]))
    return port("System", address.hostname or "", address.port or 80, f"runs at {state['url']}")
