"""Decisions on plain values: no tables, no clock, no I/O; one module per noun."""

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
    moved,
    valid_program,
)

__all__ = [
    "FIELD_LABELS",
    "MAX_CAPACITY",
    "MAX_LENGTH",
    "MOVES",
    "Move",
    "ProgramEntry",
    "ProgramStatus",
    "ProgramValues",
    "keeps",
    "moved",
    "not_found",
    "organization_name",
    "valid_program",
    "who",
]
