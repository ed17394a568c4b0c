"""The district's own sign-in: an OpenID Connect provider, met by authorization code with PKCE.

OpenID Connect Core 1.0, Discovery 1.0, RP-Initiated and Back-Channel Logout 1.0; RFC 7636 (PKCE), RFC 9207 (issuer in
the answer). What is sent (`state`, `nonce` and the PKCE verifier) follows from the secret of the browser's ticket, so
that nothing of it need be kept.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import structlog
from authlib.oauth2.claims import JWTClaims
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from pydantic import BaseModel, ValidationError, field_validator

from services.people import secret
from services.people.oidc_settings import check_address
from services.people.roster.values import email as read_email
from services.people.rules import Account, contact_name
from services.people.settings import Settings
from shared.refusals import Kind, Refusal

log = structlog.get_logger()

SIGNATURES = JWSRegistry(
    algorithms=("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
    strict_check_header=False,
)
"""With the provider's public key only: neither `none` nor a secret that we share."""

LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
FRESH = timedelta(hours=1)
"""How long what a provider says of itself is believed."""
PATIENCE = 5.0
"""Seconds in which the provider must answer."""
LONGEST_HINT = 4000
"""Characters of an ID token that still fit into an address."""

AWAY = "The district's sign-in does not answer just now. Try again in a few minutes."
DECLINED = "You were not signed in there. Begin again when you want to."
CODE_USED = "The answer of the district's sign-in was used already, or came too late. Begin again."
UNTRUE = "The answer of the district's sign-in cannot be right. Begin again; if it happens twice, tell the office."
NOT_SET_UP = "The district's sign-in does not know Crosswalk. Tell the district office: its settings must be looked at."


class Metadata(BaseModel):
    """What a provider says of itself (Discovery 1.0, section 3), as far as it is needed."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)

    @field_validator("*", mode="after")
    @classmethod
    def _not_readable_by_others(cls, value: object) -> object:
        if isinstance(value, str):
            check_address(value)
        return value


@dataclass(frozen=True, slots=True)
class Logout:
    """What the provider tells of a session that is over: by its own name, or all of an account's."""

    subject: str | None
    sid: str | None
    said_at: datetime


class Provider:
    """One provider, with what it last said of itself and its keys."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tls = httpx.create_ssl_context()
        self._known: tuple[datetime, Metadata] | None = None
        self._keys: tuple[datetime, KeySet] | None = None

    @property
    def issuer(self) -> str:
        """The provider, as it names itself."""
        return self._settings.oidc_issuer or ""

    @property
    def back(self) -> str:
        """Where the provider sends browsers back to; it must know this address."""
        return f"{self._settings.public_url.rstrip('/')}/sign-in/provider/back"

    async def way_in(self, ticket: str, *, now: datetime) -> str:
        """Where to send a browser that wants to sign in."""
        about, key = await self._about(now), ticket.partition(".")[2]
        asked = {
            "response_type": "code",
            "client_id": self._settings.oidc_client_id,
            "redirect_uri": self.back,
            "scope": self._settings.oidc_scopes,
            "state": secret.derived(key, "state"),
            "nonce": secret.derived(key, "nonce"),
            "code_challenge": create_s256_code_challenge(secret.derived(key, "verifier")),
            "code_challenge_method": "S256",
        }
        return _with_query(about.authorization_endpoint, asked)

    async def redeem(self, answer: "Answer", key: str, *, now: datetime) -> Account:
        """The account that the browser came back with; refuses every answer that is not wholly right."""
        if answer.iss not in (None, self.issuer):
            raise untrue("issuer of the answer")
        if answer.error is not None:
            log.info("provider_declined", error=answer.error[:100])
            raise Refusal(Kind.FORBIDDEN, "provider_declined", DECLINED)
        about = await self._about(now)
        tokens = await self._tokens(about, answer.code or "", secret.derived(key, "verifier"))
        claims = await self._read_id_token(tokens, secret.derived(key, "nonce"), now)
        wanted = {self._settings.oidc_email_claim, self._settings.oidc_role_claim, "email_verified"}
        if about.userinfo_endpoint and not wanted <= claims.keys():
            claims = await self._more(about.userinfo_endpoint, tokens, claims) | claims
        return self._account(claims, self._way_out(about, str(tokens["id_token"])))

    async def read_logout(self, token: str, *, now: datetime) -> Logout:
        """What a logout token says (Back-Channel Logout 1.0, section 2.6); refuses one that is not wholly right."""
        decoded = await self._verified(token, now)
        claims = JWTClaims(decoded.claims, decoded.header, self._expected("iat", "exp", "jti"))
        self._check(claims, now)
        events = claims.get("events")
        subject, sid = claims.get("sub"), claims.get("sid")
        if not isinstance(events, dict) or LOGOUT not in events or "nonce" in claims or not (subject or sid):
            raise untrue("logout token")
        return Logout(subject, sid, datetime.fromtimestamp(claims["iat"], UTC))

    async def _about(self, now: datetime) -> Metadata:
        if self._known is None or now - self._known[0] > FRESH:
            said = await self._ask("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            try:
                found = Metadata.model_validate(_object(said))
            except ValidationError:
                raise untrue("discovery document") from None
            if found.issuer != self.issuer:
                raise untrue("issuer of the discovery document")
            self._known = (now, found)
        return self._known[1]

    async def _tokens(self, about: Metadata, code: str, verifier: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.back,
            "code_verifier": verifier,
            "client_id": self._settings.oidc_client_id,
        }
        password, auth = self._settings.oidc_client_secret, None
        if password is not None and "client_secret_basic" in about.token_endpoint_auth_methods_supported:
            # Form-encoded first (RFC 6749, section 2.3.1).
            auth = httpx.BasicAuth(quote(form.pop("client_id"), safe=""), quote(password, safe=""))
        elif password is not None:
            form["client_secret"] = password
        said = await self._ask("POST", about.token_endpoint, data=form, auth=auth)
        tokens = _object(said)
        if said.status_code == 200 and "id_token" in tokens:
            return tokens
        log.warning("provider_gave_no_token", status=said.status_code, error=str(tokens.get("error"))[:100])
        if tokens.get("error") == "invalid_grant":
            raise Refusal(Kind.FORBIDDEN, "code_refused", CODE_USED)
        raise Refusal(Kind.UNAVAILABLE, "client_refused", NOT_SET_UP)

    async def _read_id_token(self, tokens: dict[str, Any], nonce: str, now: datetime) -> dict[str, Any]:
        decoded = await self._verified(tokens["id_token"], now)
        sent = {"nonce": nonce, "client_id": self._settings.oidc_client_id, "access_token": tokens.get("access_token")}
        claims = CodeIDToken(decoded.claims, decoded.header, self._expected("sub"), sent)
        self._check(claims, now)
        return dict(claims)

    def _expected(self, *essential: str) -> dict[str, Any]:
        return {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self._settings.oidc_client_id},
        } | {name: {"essential": True} for name in essential}

    def _check(self, claims: JWTClaims, now: datetime) -> None:
        try:
            claims.validate(now=int(now.timestamp()), leeway=self._settings.oidc_clock_skew_s)
        except (JoseError, ValueError, TypeError) as error:
            raise untrue(f"claims: {error}") from None

    async def _verified(self, token: str, now: datetime) -> jwt.Token:
        """A token with a good signature; keys that are not known yet are fetched, at most once a second."""
        try:
            try:
                return jwt.decode(token, await self._key_set(now, FRESH), registry=SIGNATURES)
            except InvalidKeyIdError:
                return jwt.decode(token, await self._key_set(now, timedelta(seconds=1)), registry=SIGNATURES)
        except (JoseError, ValueError, TypeError) as error:
            raise untrue(f"signature: {error}") from None

    async def _key_set(self, now: datetime, not_older: timedelta) -> KeySet:
        if self._keys is None or now - self._keys[0] > not_older:
            said = await self._ask("GET", (await self._about(now)).jwks_uri)
            try:
                self._keys = (now, KeySet.import_key_set({"keys": list(_object(said)["keys"])}))
            except (JoseError, ValueError, TypeError, KeyError):
                raise untrue("keys") from None
        return self._keys[1]

    async def _more(self, endpoint: str, tokens: dict[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
        """Claims that the provider tells only when asked; they count only if they are of the same account."""
        bearer = {"authorization": f"Bearer {tokens.get('access_token')}"}
        said = await self._ask("GET", endpoint, headers=bearer)
        more = _object(said) if said.status_code == 200 else {}
        if more and more.get("sub") != claims["sub"]:
            raise untrue("subject of userinfo")
        return more

    def _account(self, claims: dict[str, Any], way_out: str | None) -> Account:
        said = claims.get(self._settings.oidc_email_claim)
        address = read_email(said.strip().lower()) if isinstance(said, str) else None
        # It speaks of `email` and of nothing else.
        verified = claims.get("email_verified") if self._settings.oidc_email_claim == "email" else None
        given, family = (str(claims.get(name) or "") for name in ("given_name", "family_name"))
        if not (given or family):
            given, family = contact_name(str(claims.get("name") or ""))
        values, sid = claims.get(self._settings.oidc_role_claim), claims.get("sid")
        return Account(
            issuer=self.issuer,
            subject=claims["sub"],
            email=address,
            email_counts=verified in (True, "true") or (verified is None and self._settings.oidc_trust_email),
            given_name=given,
            family_name=family,
            values=frozenset(str(v) for v in (values if isinstance(values, list) else [values]) if v is not None),
            sid=sid if isinstance(sid, str) else None,
            way_out=way_out,
        )

    def _way_out(self, about: Metadata, id_token: str) -> str | None:
        if about.end_session_endpoint is None:
            return None
        front_page = f"{self._settings.public_url.rstrip('/')}/"
        asked = {"client_id": self._settings.oidc_client_id, "post_logout_redirect_uri": front_page}
        if len(id_token) <= LONGEST_HINT:
            asked["id_token_hint"] = id_token
        return _with_query(about.end_session_endpoint, asked)

    async def _ask(self, method: str, url: str, **what: Any) -> httpx.Response:
        try:
            async with httpx.AsyncClient(timeout=PATIENCE, verify=self._tls) as client:
                said = await client.request(method, url, **what)
        except httpx.HTTPError as error:
            log.warning("provider_away", error=type(error).__name__)
            raise Refusal(Kind.UNAVAILABLE, "provider_away", AWAY, retry_after=60) from None
        if said.status_code >= 500:
            log.warning("provider_away", status=said.status_code)
            raise Refusal(Kind.UNAVAILABLE, "provider_away", AWAY, retry_after=60)
        return said


@dataclass(frozen=True, slots=True)
class Answer:
    """The query with which a browser comes back."""

    code: str | None
    error: str | None
    iss: str | None


def untrue(what: str) -> Refusal:
    """A refusal of what the provider, or somebody in its name, said; what exactly is wrong goes to the log only."""
    log.warning("provider_not_believed", what=what[:200])
    return Refusal(Kind.FORBIDDEN, "provider_not_believed", UNTRUE)


def _with_query(url: str, query: dict[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


def _object(said: httpx.Response) -> dict[str, Any]:
    try:
        found = said.json()
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}
