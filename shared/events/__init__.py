"""Every fact that crosses a service boundary. The class is the contract, its docstring the public meaning."""

from shared.events import agreements, notifications, people, referrals
from shared.events.base import FACTS, Erasure, Fact, Role

TOPICS: tuple[str, ...] = tuple(sorted({fact.topic for fact in FACTS.values()}))
COMPACTED: frozenset[str] = frozenset({people.SCHOOLS, people.PERSONS, agreements.PROGRAMS})

__all__ = [
    "COMPACTED",
    "FACTS",
    "TOPICS",
    "Erasure",
    "Fact",
    "Role",
    "agreements",
    "notifications",
    "people",
    "referrals",
]
