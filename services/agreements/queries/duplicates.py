"""Organizations that may be one and the same."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import BaseModel
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Organization
from services.agreements.rules.duplicates import Traits, agreements_of, telling_words
from services.agreements.rules.vetting import LISTED, PartnerStatus

MOST = 20
"""How many are shown."""


class Duplicate(BaseModel):
    """An organization that may be the same as another one."""

    id: UUID
    name: str
    tax_id: str
    address: str
    website: str
    status: PartnerStatus
    same: list[str]
    """In what the two agree: `tax id`, `address`, `web address`, `name`."""

    def for_outsiders(self) -> "Duplicate":
        """What somebody may know who registers a partner: nothing that is not public."""
        hidden = {"tax_id": "", "address": ""}
        if self.status not in LISTED:
            hidden |= {"name": "An organization that is being registered", "website": ""}
        return self.model_copy(update=hidden)


async def possible_duplicates(session: AsyncSession, traits: Traits, but: UUID | None = None) -> list[Duplicate]:
    """Organizations that may be the one with these traits, most agreements first; `but`: the id of that one."""
    candidates = await _candidates(session, traits, but)
    found = [_duplicate(one, agreements_of(traits, traits_of(one))) for one in candidates]
    alike = [one for one in found if one.same]
    return sorted(alike, key=lambda one: (-len(one.same), one.name))[:MOST]


async def _candidates(session: AsyncSession, traits: Traits, but: UUID | None) -> Sequence[Organization]:
    """Those that share a tax id, an address, a domain, or a word of the name: few enough to be compared one by one."""
    keys = [name for name in ("tax_key", "address_key", "domain") if getattr(traits, name)]
    shared = [col(getattr(Organization, name)) == getattr(traits, name) for name in keys]
    words = [col(Organization.name_key).contains(word, autoescape=True) for word in _words(traits.name_key)]
    others = select(Organization).where(
        col(Organization.id).is_distinct_from(but), Organization.status != PartnerStatus.MERGED
    )
    return (await session.exec(others.where(or_(*shared, *words)))).all()


def _words(name_key: str) -> list[str]:
    return telling_words(name_key) or [name_key]


def traits_of(one: Organization) -> Traits:
    """What an organization is compared by."""
    return Traits(one.name_key, one.tax_key, one.address_key, one.domain)


def _duplicate(one: Organization, same: list[str]) -> Duplicate:
    return Duplicate(
        id=one.id,
        name=one.name,
        tax_id=one.tax_id,
        address=one.address,
        website=one.website,
        status=one.status,
        same=same,
    )
