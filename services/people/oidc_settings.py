"""What a district says of its own sign-in, an OpenID Connect provider: who it is, and what its claims mean here."""

from typing import Annotated, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_settings import NoDecode

from services.people.rules import GRANTABLE
from shared.events.vocabulary import RoleName
from shared.settings import ServiceSettings


class MappedRole(BaseModel):
    """The role that a value of the claim gives."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: RoleName
    school: str | None = None
    """Of school staff: the school's OneRoster sourcedId."""
    organization: UUID | None = None
    """Of partner staff: the organization's id, as the address of its page shows it."""

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, value: object) -> object:
        return {"role": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _covers_what_it_must(self) -> Self:
        if self.role not in GRANTABLE:
            raise ValueError(f"the role {self.role} cannot be given by a claim; {', '.join(GRANTABLE)} can")
        if (self.school is not None) != (self.role == RoleName.SCHOOL_STAFF):
            raise ValueError("school_staff, and no other role, names a school by its sourcedId")
        if (self.organization is not None) != (self.role == RoleName.PARTNER_STAFF):
            raise ValueError("partner_staff, and no other role, names an organization by its id")
        return self


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class OidcSettings(ServiceSettings):
    """The settings `CROSSWALK_OIDC_...`; without an issuer there is no such way to sign in."""

    oidc_issuer: str | None = None
    """The provider, just as it names itself in its discovery document (`/.well-known/openid-configuration` there)."""

    oidc_client_id: str = ""
    """What the provider calls Crosswalk."""

    oidc_client_secret: str | None = Field(default=None, repr=False)
    """The secret that the provider gave with it; None where it knows Crosswalk by PKCE alone."""

    oidc_name: str = ""
    """What people call their account there, as it stands on the button; empty: the district's name."""

    oidc_scopes: str = "openid email profile"
    """What is asked of the provider, separated by blanks."""

    oidc_trust_email: bool = False
    """Whether an address counts of which the provider says nothing: only where the district itself enters them."""

    oidc_email_claim: str = "email"
    """The claim with the e-mail address."""

    oidc_role_claim: str = "groups"
    """The claim whose values give roles."""

    oidc_roles: dict[str, tuple[MappedRole, ...]] = {}
    """Which roles each value of that claim gives, as JSON."""

    oidc_required_for: Annotated[tuple[RoleName, ...], NoDecode, BeforeValidator(_split)] = ()
    """Roles whose people can sign in with the provider only, separated by commas."""

    oidc_sign_ins_per_client: int = Field(default=600, ge=1)
    """Sign-ins that may begin per IP address in a quarter of an hour; a school may share one address."""

    oidc_clock_skew_s: int = Field(default=60, ge=0, le=600)
    """Seconds by which the provider's clock may differ from ours."""

    @model_validator(mode="before")
    @classmethod
    def _one_role_or_many(cls, values: dict[str, object]) -> dict[str, object]:
        given = values.get("oidc_roles")
        if isinstance(given, dict):
            values["oidc_roles"] = {key: v if isinstance(v, list | tuple) else (v,) for key, v in given.items()}
        return values

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.oidc_issuer is None:
            if self.oidc_required_for:
                raise ValueError("CROSSWALK_OIDC_REQUIRED_FOR needs CROSSWALK_OIDC_ISSUER, or nobody could sign in")
            return self
        if not self.oidc_client_id:
            raise ValueError("CROSSWALK_OIDC_ISSUER needs CROSSWALK_OIDC_CLIENT_ID")
        check_address(self.oidc_issuer)
        if set(self.oidc_required_for) - set(GRANTABLE):
            raise ValueError(f"CROSSWALK_OIDC_REQUIRED_FOR can name {', '.join(GRANTABLE)}")
        return self

    @property
    def provider_name(self) -> str:
        """What the button says after "Sign in with"."""
        return self.oidc_name or self.district_name


def check_address(url: str) -> None:
    """Refuse an address of the provider that others on the way could read; this machine's own may be plain."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}):
        raise ValueError(f"{url!r} must begin with https://")
