"""Who may hold which role, who may sign in, and when a way in is closed. No I/O, no clock."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from shared.events.base import Role
from shared.events.vocabulary import RoleName
from shared.refusals import Kind, Refusal
from shared.translations import mark

HOMES: tuple[tuple[RoleName, str], ...] = (
    (RoleName.DISTRICT_OFFICE, "/referrals/overview"),
    (RoleName.SCHOOL_STAFF, "/referrals/today"),
    (RoleName.PARTNER_STAFF, "/referrals/inbox"),
    (RoleName.GUARDIAN, "/referrals/family"),
)
SIGN_IN_ROLES = frozenset(role for role, _ in HOMES)
"""Roles that let somebody sign in; students do not."""

GRANTABLE = (RoleName.DISTRICT_OFFICE, RoleName.SCHOOL_STAFF, RoleName.PARTNER_STAFF)
"""Roles that the district office gives by hand; guardians come with the roster."""

ACCENTS = re.compile("[\u0300-\u036f]")

MOST_TRIES = 5
MOST_IMPORT_ATTEMPTS = 3
RATE_WINDOW = timedelta(minutes=15)

TOO_MANY_CODES = mark("You asked for many codes. Look for the newest e-mail, or try again in a quarter of an hour.")
TOO_MANY_TRIES = mark("This code was tried too often. Ask for a new one.")
UNVERIFIED = (
    "The district's sign-in does not say that your e-mail address is verified, so we cannot tell who you are. "
    "Ask whoever looks after your account there."
)
OTHER_ACCOUNT = (
    "Your e-mail address belongs to somebody who signs in here with another account. "
    "If that was your old account, ask the district office to let the new one join."
)
LEFT = "You are no longer on the list of people who work here. If that is wrong, ask the district office."
NOT_KNOWN = "Your account is fine, but nobody has entered you here yet. Ask the district office to add your address."
NO_ROLE = "You have nothing to do here any more. If that is wrong, ask the district office to give you a role."
USED = mark("This was used already. Ask for a new code to sign in again.")
TOO_OLD = mark("This is too old. Ask for a new code.")


def home_of(roles: Iterable[Role]) -> str | None:
    """The first page of somebody with these roles; None where no role lets them in."""
    names = {role.name for role in roles}
    return next((home for name, home in HOMES if name in names), None)


def way_on(asked: str) -> str:
    """Where to go after sign-in: a path of ours, or the front page (never another site)."""
    inside = asked.startswith("/") and not asked.startswith(("//", "/\\")) and asked.isprintable()
    return asked if inside else "/"


def plain(text: str) -> str:
    """Text in one line, without characters that cannot be shown (PostgreSQL takes no NUL)."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())


def search_words(*parts: str | None) -> str:
    """Text as it is searched: lower case, without accents, one blank between words."""
    joined = plain(" ".join(part for part in parts if part))
    if joined.isascii():
        return joined.lower()
    return " ".join(ACCENTS.sub("", unicodedata.normalize("NFKD", joined.casefold())).split())


def check_role(role: Role, *, scope_is_known: bool) -> None:
    """Refuse a role that cannot be granted by hand, or that covers nothing that exists."""
    if role.name not in GRANTABLE:
        raise Refusal(
            Kind.INVALID, "role_not_grantable", "", fields={"role": "Choose district office, school or partner."}
        )
    if role.name == RoleName.DISTRICT_OFFICE and role.scope_id is not None:
        raise Refusal(
            Kind.INVALID, "scope_not_needed", "", fields={"scope_id": "The district office covers everything."}
        )
    if role.name != RoleName.DISTRICT_OFFICE and not scope_is_known:
        what = "school" if role.name == RoleName.SCHOOL_STAFF else "organization"
        raise Refusal(
            Kind.INVALID, "scope_unknown", "", fields={"scope_id": f"Choose the {what} that the role is for."}
        )


def check_revocable(role: Role, *, others_in_district_office: int, by_hand: bool) -> None:
    """Refuse to take away what a source would give back, and the last role of the district office."""
    if not by_hand:
        raise Refusal(
            Kind.CONFLICT,
            "role_not_by_hand",
            "This role comes with the roster, a program or the district's sign-in. Change it there, or it comes back.",
        )
    if role.name == RoleName.DISTRICT_OFFICE and others_in_district_office == 0:
        raise Refusal(
            Kind.CONFLICT,
            "last_district_office",
            "Nobody else works for the district office. Give somebody else the role first.",
        )


def check_rate(asked: Sequence[datetime], *, most: int, now: datetime) -> None:
    """Refuse another code where `most` were asked for within the last quarter of an hour."""
    recent = sorted(moment for moment in asked if moment > now - RATE_WINDOW)
    if len(recent) < most:
        return
    wait = int((recent[-most] + RATE_WINDOW - now).total_seconds()) + 1
    raise Refusal(Kind.TOO_MANY, "too_many_codes", TOO_MANY_CODES, retry_after=wait)


def check_open(*, opened: bool, expires_at: datetime, now: datetime) -> None:
    """Refuse a way in that was used, or whose time is over."""
    if opened:
        raise Refusal(Kind.GONE, "sign_in_used", USED)
    if now >= expires_at:
        raise Refusal(Kind.GONE, "sign_in_expired", TOO_OLD)


def check_tries(tries: int) -> None:
    """Refuse a code after five tries, right or wrong."""
    if tries >= MOST_TRIES:
        raise Refusal(Kind.TOO_MANY, "too_many_tries", TOO_MANY_TRIES)


def resend_at(sends: int, now: datetime) -> datetime:
    """When a mail that was not taken is tried again: 5, 10, 20, ... at most 60 seconds later."""
    return now + timedelta(seconds=min(5 * 2 ** max(sends - 1, 0), 60))


def contact_name(name: str) -> tuple[str, str]:
    """A contact's name as given name and family name: the last word is the family name."""
    given, _, family = " ".join(name.split()).rpartition(" ")
    return (given, family) if given else (family, "")


def same_roles(carried: Collection[tuple[str, UUID | None]], held: Collection[tuple[str, UUID | None]]) -> bool:
    """Whether a session carries the roles that its person holds."""
    return set(carried) == set(held)


def many_leave(leaving: int, listed: int) -> bool:
    """Whether so many of the listed persons would leave that somebody must say so: more than 10, and than a tenth."""
    return leaving > 10 and leaving * 10 > listed


def words_for_many(leaving: int, listed: int) -> str:
    """What to tell whoever imports such a roster."""
    return (
        f"{leaving:,} of the {listed:,} people in the roster are not in this file any more and would become inactive. "
        "Check that it is the whole roster."
    )


def check_leaving(leaving: int, listed: int, *, many_may_leave: bool) -> None:
    """Refuse to apply a bundle with which many leave, unless somebody said that they may."""
    if many_leave(leaving, listed) and not many_may_leave:
        raise Refusal(
            Kind.CONFLICT,
            "many_leave",
            f"{words_for_many(leaving, listed)} If it is, say so (even_though_many_leave) and apply it again.",
        )


def check_approvable(state: str) -> None:
    """Refuse to apply a bundle that was not checked, had errors, or is settled; approving twice is approving."""
    if state not in ("checked", "approved", "applied"):
        words = {
            "uploaded": "The roster is still being checked. Wait for the report.",
            "refused": "The roster has errors and cannot be applied. Mend the file and upload it again.",
        }
        raise Refusal(
            Kind.CONFLICT, "import_not_ready", words.get(state, "This import is over. Upload the roster again.")
        )


def check_discardable(state: str) -> None:
    """Refuse to put away a bundle that is being worked on or is settled."""
    if state != "checked":
        raise Refusal(Kind.CONFLICT, "import_not_open", "This import is no longer open.")


@dataclass(frozen=True, slots=True)
class Account:
    """An account at the district's provider, as its checked claims describe it."""

    issuer: str
    subject: str
    email: str | None
    """Lower case, and looks like an address."""
    email_counts: bool
    """Whether the provider says that it is verified, or the district that it may be trusted."""
    given_name: str
    family_name: str
    values: frozenset[str]
    """Of the claim that gives roles."""
    sid: str | None
    """The provider's name of its own session."""
    way_out: str | None
    """Where a browser ends that session."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person who may be the owner of an account."""

    id: UUID
    active: bool
    from_roster: bool
    student: bool
    works_here: bool
    """Whether the person holds a role of staff, a partner or the district office."""
    joined: bool
    """Whether another account of the same provider is this person already."""


def address_of(account: Account) -> str:
    """The address by which an account is looked for; refuses one that nobody has verified."""
    if account.email is None or not account.email_counts:
        raise Refusal(Kind.FORBIDDEN, "email_unverified", UNVERIFIED)
    return account.email


def fitting(candidates: Sequence[Candidate], *, gets_roles: bool) -> list[UUID]:
    """Who may sign in with an account that is nobody yet, of the people with its address; none: somebody new.

    Families sign in with a code: their roles do not count here. Roles that the claims give open the way to somebody
    who has none yet, but never to a student, nor to somebody who left the roster. Refuses where nobody may.
    """
    people = [c for c in candidates if not c.student]
    there = [c for c in people if c.active or (gets_roles and may_be_given_roles(c))]
    fit = [c for c in there if c.works_here] or (there if gets_roles else [])
    free = [c.id for c in fit if not c.joined]
    if free or (gets_roles and not candidates):
        return free
    if fit:
        raise Refusal(Kind.FORBIDDEN, "account_other", OTHER_ACCOUNT)
    if people and not any(c.active for c in people):
        raise Refusal(Kind.FORBIDDEN, "person_inactive", LEFT)
    raise Refusal(Kind.FORBIDDEN, "account_unknown", NOT_KNOWN)


def may_be_given_roles(person: Candidate) -> bool:
    """Whether claims may give a person roles: not to a student, nor to somebody who left the roster."""
    return not person.student and (person.active or not person.from_roster)


def why_not(person: Candidate) -> Refusal | None:
    """Why the person that an account is cannot be let in: left, or nothing to do here any more; None: it can."""
    if person.student or not person.works_here:
        return Refusal(Kind.FORBIDDEN, "role_none", NO_ROLE)
    return None if person.active else Refusal(Kind.FORBIDDEN, "person_inactive", LEFT)
