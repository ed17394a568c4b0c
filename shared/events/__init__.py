"""Every fact that crosses a service boundary. The class is the contract, its docstring the public meaning."""

from shared.events import agreements, notifications, operations, people, referrals
from shared.events.base import FACTS, Erasure, Fact, Role

TOPICS: tuple[str, ...] = tuple(sorted({fact.topic for fact in FACTS.values()}))
COMPACTED: frozenset[str] = frozenset(
    {people.SCHOOLS, people.PERSONS, agreements.PROGRAMS, agreements.COVERAGE, agreements.MEETINGS}
)
PERSONAL: frozenset[str] = frozenset({people.PERSONS})
"""Topics whose records carry names and addresses: shown to nobody but where the person's own page is."""

__all__ = [
    "COMPACTED",
    "FACTS",
    "PERSONAL",
    "TOPICS",
    "Erasure",
    "Fact",
    "Role",
    "agreements",
    "notifications",
    "operations",
    "people",
    "referrals",
]
