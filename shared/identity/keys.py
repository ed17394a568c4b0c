"""Signing keys: Ed25519, one pair for sessions (people signs) and one for message links (notifications signs)."""

import os
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

NAMES = ("session", "link")


def make_keys(folder: Path) -> None:
    """Make the key pairs that are missing; a pair that is there stays."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in NAMES:
        if not (folder / f"{name}.pub").exists():
            _make_pair(folder, name)


def _make_pair(folder: Path, name: str) -> None:
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    _write(folder / f"{name}.pem", private, 0o600)
    # The public half is written last: it says that the pair is whole.
    _write(folder / f"{name}.pub", public, 0o644)


def _write(path: Path, content: bytes, mode: int) -> None:
    part = path.with_suffix(path.suffix + ".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


@lru_cache
def private_key(folder: Path, name: str) -> Ed25519PrivateKey:
    """The half that signs."""
    key = load_pem_private_key((folder / f"{name}.pem").read_bytes(), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    return key


@lru_cache
def public_key(folder: Path, name: str) -> Ed25519PublicKey:
    """The half that checks."""
    key = load_pem_public_key((folder / f"{name}.pub").read_bytes())
    assert isinstance(key, Ed25519PublicKey)
    return key
