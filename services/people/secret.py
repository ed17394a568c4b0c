"""Secrets of sign-in: made here, kept as digests only, compared in constant time."""

import asyncio
import base64
import hashlib
import hmac
import secrets
from uuid import UUID

CODE_DIGITS = 6


def new_code() -> str:
    """Six digits."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def new_key() -> str:
    """A secret of 256 bits, fit for an address."""
    return secrets.token_urlsafe(32)


def derived(key: str, purpose: str) -> str:
    """Another secret of 256 bits that follows from one and tells nothing of it: what is sent away need not be kept."""
    made = hmac.digest(key.encode(), purpose.encode(), "sha256")
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def digest(key: str) -> bytes:
    """What is kept of a long secret: it cannot be guessed, so a plain hash is enough."""
    return hashlib.sha256(key.encode()).digest()


async def code_digest(code: str, salt: UUID) -> bytes:
    """What is kept of a short code: slow on purpose (scrypt, about 50 ms), so it is done in a thread."""
    return await asyncio.to_thread(hashlib.scrypt, code.encode(), salt=salt.bytes, n=2**14, r=8, p=1, dklen=32)


def same(a: bytes | None, b: bytes) -> bool:
    """Whether two digests are equal, in the same time whatever they are; nothing equals None."""
    return hmac.compare_digest(a if a is not None else bytes(len(b)), b) and a is not None
