"""The folder of documents: each file lies there once under the SHA-256 of its content, outside the database."""

import asyncio
import hashlib
import os
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from services.agreements.settings import Settings


def folder_of(settings: Settings) -> Path:
    """Where documents lie."""
    return settings.documents_dir or settings.data_dir / "agreements" / "documents"


def digest_of(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def path_of(folder: Path, sha256: str) -> Path:
    """Where the file with this content lies; two letters of its digest keep folders small."""
    return folder / sha256[:2] / sha256


async def keep(folder: Path, content: bytes) -> str:
    """Put a file there, unless it is there already; its digest. It is on the disk before this returns."""
    return await asyncio.to_thread(_keep, folder, content)


def _keep(folder: Path, content: bytes) -> str:
    sha256 = digest_of(content)
    path = path_of(folder, sha256)
    if path.exists():
        # The sweep looks at the age: what is kept again is young again.
        os.utime(path)
        return sha256
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = path.with_name(f"{sha256}.{uuid4().hex}.half")
    with half.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    return sha256


def older_than(folder: Path, moment: datetime) -> list[str]:
    """Names of files that were put there before a moment, halves of broken uploads among them."""
    return [path.name for path in folder.glob("??/*") if _is_older(path, moment)]


def forget(folder: Path, names: Collection[str], moment: datetime) -> None:
    """Delete files, but not one that was put there again since the moment."""
    for path in (path_of(folder, name) for name in names):
        if _is_older(path, moment):
            path.unlink(missing_ok=True)


def _is_older(path: Path, moment: datetime) -> bool:
    try:
        return path.stat().st_mtime < moment.timestamp()
    except FileNotFoundError:
        return False
