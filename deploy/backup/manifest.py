"""What a backup says of itself: `manifest.json`, written last, so that a folder that has one is whole."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deploy.trouble import Trouble

NAME = "manifest.json"
FORMAT = 1
DATABASES, FILES = "databases", "files"
"""Folders of a backup: a dump per service, and copies of what lies outside of the databases."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One backup."""

    id: str
    taken_at: str
    """When the five snapshots were taken: ISO 8601, UTC."""
    held_ms: float
    """For how many milliseconds no service took an event into account."""
    crosswalk: str
    postgres: str
    revisions: dict[str, str]
    """The revision of each service's tables."""
    log: dict[str, Any]
    """The audit log as it stood: `entries`, and the `root` of its tree in hexadecimal."""
    state: dict[str, Any]
    """What one machine notes of itself, such as the people of the demo district."""
    files: dict[str, str]
    """SHA-256 of each file, by its path in the backup."""
    format: int = FORMAT


def write(folder: Path, manifest: Manifest) -> None:
    """Make the backup whole."""
    (folder / NAME).write_text(json.dumps(asdict(manifest), indent=1) + "\n")


def read(folder: Path) -> Manifest:
    """What is in a backup. Raises `Trouble` where it is none, or one of a newer release."""
    try:
        values = json.loads((folder / NAME).read_text())
    except (OSError, ValueError):
        raise Trouble(f"{folder} is no backup of Crosswalk, or one that was broken off: it has no {NAME}.") from None
    if values.get("format") != FORMAT:
        raise Trouble(f"{folder} was made by another release ({values.get('crosswalk')}). Restore it with that one.")
    return Manifest(**values)


def digest(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check(folder: Path, manifest: Manifest) -> None:
    """Raises `Trouble` where a file is missing or is not as it was written."""
    for name, expected in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise Trouble(f"The backup is damaged: {name} is missing. Take another one.")
        if digest(path) != expected:
            raise Trouble(f"The backup is damaged: {name} was changed. Take another one.")
