"""Who somebody is and what they may call."""

from shared.identity.access import (
    Anyone,
    District,
    Guardian,
    PartnerStaff,
    SchoolStaff,
    SignedIn,
    Staff,
    cookie_name,
)
from shared.identity.actor import Actor, system
from shared.identity.tokens import LinkClaims, issue_token, read_link, read_token, sign_link

__all__ = [
    "Actor",
    "Anyone",
    "District",
    "Guardian",
    "LinkClaims",
    "PartnerStaff",
    "SchoolStaff",
    "SignedIn",
    "Staff",
    "cookie_name",
    "issue_token",
    "read_link",
    "read_token",
    "sign_link",
    "system",
]
