"""Who finds what in the bar on top: the first level of navigation, by role."""

import re
from dataclasses import dataclass

from shared.events.vocabulary import RoleName
from shared.identity.actor import Actor
from shared.translations import mark


@dataclass(frozen=True)
class Item:
    """One entry of the navigation; `label` is English and is translated when it is shown."""

    label: str
    href: str
    current: bool = False


SCHOOL = (
    ("Today", "/referrals/today"),
    ("Refer a student", "/referrals/new"),
    ("Referrals", "/referrals"),
    ("Students", "/referrals/students"),
    ("Programs", "/agreements/programs"),
    ("Partners", "/agreements/partners"),
    ("Meetings", "/agreements/meetings"),
    ("Agreements", "/agreements/agreements"),
    ("Reviews", "/agreements/reviews"),
)
PARTNER = (
    ("Inbox", "/referrals/inbox"),
    ("Referrals", "/referrals"),
    ("Our programs", "/agreements/ours"),
    ("Our details", "/agreements/details"),
    ("Meetings", "/agreements/meetings"),
    ("Agreements", "/agreements/agreements"),
    ("Reviews", "/agreements/reviews"),
)
DISTRICT = (
    ("Overview", "/referrals/overview"),
    ("Referrals", "/referrals"),
    ("Partnerships", "/agreements/overview"),
    ("Partners", "/agreements/partners"),
    ("Agreements", "/agreements/agreements"),
    ("Programs", "/agreements/programs"),
    ("Meetings", "/agreements/meetings"),
    ("Schools", "/people/schools"),
    ("People", "/people/persons"),
    ("Roster", "/people/roster"),
    ("Languages", "/notifications/languages"),
    ("Audit", "/audit"),
    ("System", "/people/system"),
)
FAMILY = (
    (mark("Your child's programs"), "/referrals/family"),
    (mark("How we reach you"), "/notifications/preferences"),
    (mark("Find a program"), "/agreements/programs"),
)
REGISTRANT = ((mark("Your registration"), "/agreements/register"), (mark("Find a program"), "/agreements/programs"))
"""Of somebody who proved an address to register an organization and has no role yet."""
PUBLIC = ((mark("Find a program"), "/agreements/programs"),)

BY_ROLE = (
    (RoleName.DISTRICT_OFFICE, DISTRICT),
    (RoleName.SCHOOL_STAFF, SCHOOL),
    (RoleName.PARTNER_STAFF, PARTNER),
    (RoleName.GUARDIAN, FAMILY),
)


def navigation(actor: Actor | None, path: str) -> list[Item]:
    """The entries of every role somebody has, each once; the one that `path` belongs to is marked.

    Who came by a message link sees what is public: the rest would only lead to the sign-in page.
    """
    roles = [role for role, _ in BY_ROLE if actor is not None and actor.only is None and actor.has(role)]
    entries = dict.fromkeys(entry for role, group in BY_ROLE if role in roles for entry in group)
    no_role = actor is not None and actor.only is None and not actor.roles
    entries = entries or dict.fromkeys(REGISTRANT if no_role else PUBLIC)
    # Every service has a system page of its own; they are one entry.
    here = _closest([href for _, href in entries], re.sub("^/[a-z]+/system(?=/|$)", "/people/system", path))
    return [Item(label, href, href == here) for label, href in entries]


def _closest(hrefs: list[str], path: str) -> str | None:
    """The longest entry that `path` equals or lies under."""
    above = [href for href in hrefs if path == href or path.startswith(f"{href}/")]
    return max(above, key=len, default=None)
