"""Decisions on plain values: no tables, no clock, no I/O; one module per noun."""

from services.agreements.rules.directory import LOOKS, Freshness, Look, look_due
from services.agreements.rules.partners import keeps, not_found, organization_name, who
from services.agreements.rules.programs import (
    FIELD_LABELS,
    MAX_CAPACITY,
    MAX_LENGTH,
    MOVES,
    Move,
    ProgramEntry,
    ProgramStatus,
    ProgramValues,
    amount,
    cents_in,
    moved,
    position_in,
    valid_program,
)

__all__ = [
    "FIELD_LABELS",
    "LOOKS",
    "MAX_CAPACITY",
    "MAX_LENGTH",
    "MOVES",
    "Freshness",
    "Look",
    "Move",
    "ProgramEntry",
    "ProgramStatus",
    "ProgramValues",
    "amount",
    "cents_in",
    "keeps",
    "look_due",
    "moved",
    "not_found",
    "organization_name",
    "position_in",
    "valid_program",
    "who",
]
