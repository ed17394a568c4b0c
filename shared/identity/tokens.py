"""Session tokens and message links: JWTs (RFC 7519) signed with Ed25519, checked without asking anyone."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt

from shared.events.base import Role
from shared.identity.actor import Actor
from shared.identity.keys import private_key, public_key
from shared.refusals import Kind, Refusal
from shared.settings import ServiceSettings
from shared.translations import mark

ALGORITHM = "EdDSA"


def issue_token(settings: ServiceSettings, actor: Actor, *, now: datetime, expires_at: datetime) -> str:
    """A session token for a person; people is the only service that holds the key."""
    claims = {
        "aud": "session",
        "sub": str(actor.person_id),
        "sid": str(actor.session_id),
        "name": actor.name,
        "lang": actor.language,
        "roles": [[role.name, str(role.scope_id) if role.scope_id else None] for role in actor.roles],
        "iat": int(now.timestamp()),
        "exp": int(expires_at.timestamp()),
    }
    return jwt.encode(claims, private_key(settings.keys_dir, "session"), algorithm=ALGORITHM)


def read_token(settings: ServiceSettings, token: str, *, now: datetime) -> Actor:
    """The actor of a session token; refuses one that is forged or over."""
    actor, expires = _checked_session(settings.keys_dir, token)
    if now.timestamp() >= expires:
        raise Refusal(Kind.NOT_SIGNED_IN, "session_over", "Your session is over. Sign in again to go on.")
    return actor


@lru_cache(maxsize=4096)
def _checked_session(keys: Path, token: str) -> tuple[Actor, int]:
    try:
        claims = _decode(keys, token, "session")
    except jwt.InvalidTokenError:
        raise Refusal(Kind.NOT_SIGNED_IN, "session_invalid", "Sign in to go on.") from None
    roles = tuple(Role(name=name, scope_id=UUID(scope) if scope else None) for name, scope in claims["roles"])
    actor = Actor(
        person_id=UUID(claims["sub"]),
        name=claims["name"],
        language=claims["lang"],
        roles=roles,
        session_id=UUID(claims["sid"]),
    )
    return actor, int(claims["exp"])


def _decode(keys: Path, token: str, audience: str) -> dict[str, Any]:
    # Expiry is compared with the caller's clock, not with the library's.
    return jwt.decode(
        token,
        public_key(keys, audience),
        algorithms=[ALGORITHM],
        audience=audience,
        options={"verify_exp": False, "verify_iat": False, "require": ["exp", "sub", "aud"]},
    )


@dataclass(frozen=True, slots=True)
class LinkClaims:
    """What a message link is good for: this person, in this role, for this one thing."""

    person_id: UUID
    about_id: UUID
    role: str
    name: str
    language: str
    expires_at: int
    """Unix seconds."""

    def actor(self, scope_id: UUID | None = None) -> Actor:
        """The person as an actor whose powers end with the thing that the link is about."""
        role = Role(name=self.role, scope_id=scope_id)
        return Actor(
            person_id=self.person_id,
            name=self.name,
            language=self.language,
            roles=(role,),
            only=self.about_id,
        )


def sign_link(
    settings: ServiceSettings,
    *,
    person_id: UUID,
    about_id: UUID,
    role: str,
    name: str = "",
    language: str = "en",
    expires_at: datetime,
) -> str:
    """The token of a link in a message; only notifications holds the key."""
    claims = {
        "aud": "link",
        "sub": str(person_id),
        "about": str(about_id),
        "role": role,
        "name": name,
        "lang": language,
        "exp": int(expires_at.timestamp()),
    }
    return jwt.encode(claims, private_key(settings.keys_dir, "link"), algorithm=ALGORITHM)


def read_link(settings: ServiceSettings, token: str, *, now: datetime) -> LinkClaims:
    """What a link from a message allows; refuses one that is forged (403) or too old (410)."""
    try:
        claims = _decode(settings.keys_dir, token, "link")
    except jwt.InvalidTokenError:
        raise Refusal(
            Kind.FORBIDDEN,
            "link_invalid",
            mark("This link does not work. Open it from the message once more, or sign in."),
        ) from None
    if now.timestamp() >= claims["exp"]:
        raise Refusal(
            Kind.GONE,
            "link_expired",
            mark("This link is too old. Sign in with your e-mail address to see the newest state."),
        )
    return LinkClaims(
        person_id=UUID(claims["sub"]),
        about_id=UUID(claims["about"]),
        role=claims["role"],
        name=claims["name"],
        language=claims["lang"],
        expires_at=claims["exp"],
    )
