"""What is wrong with a bundle, line by line, in words that say what to mend."""

from enum import StrEnum
from typing import NamedTuple

MOST_PROBLEMS = 100_000
LONGEST_VALUE = 200


class Severity(StrEnum):
    """An error refuses the bundle; a warning may be waved through."""

    ERROR = "error"
    WARNING = "warning"


class Problem(NamedTuple):
    """One thing that is wrong. `line` counts physical lines from 1; 0 is the file as a whole."""

    file: str
    line: int
    column: str
    value: str
    reason: str
    severity: Severity


class Enough(Exception):
    """There are so many errors that reading on would tell nobody anything."""


class Report:
    """The problems found so far. Raises `Enough` at 100,000 errors; warnings past that number are only counted."""

    def __init__(self, most: int = MOST_PROBLEMS) -> None:
        self.problems: list[Problem] = []
        self.errors = 0
        self.warnings = 0
        self._most = most

    def error(self, file: str, line: int, column: str, value: str, reason: str) -> None:
        """Note what refuses the bundle."""
        self.errors += 1
        self.problems.append(Problem(file, line, column, _printable(value), reason, Severity.ERROR))
        if self.errors >= self._most:
            words = f"There are more than {self._most:,} errors; reading stopped here."
            self.problems.append(Problem(file, line, "", "", words, Severity.ERROR))
            raise Enough

    def warn(self, file: str, line: int, column: str, value: str, reason: str) -> None:
        """Note what a person should know of."""
        self.warnings += 1
        if self.warnings <= self._most:
            self.problems.append(Problem(file, line, column, _printable(value), reason, Severity.WARNING))

    def in_order(self) -> list[Problem]:
        """All problems: errors first, then by file and line."""
        return sorted(self.problems, key=lambda p: (p.severity, p.file, p.line, p.column))


def _printable(value: str) -> str:
    if value.isprintable() and len(value) <= LONGEST_VALUE:
        return value
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value[: LONGEST_VALUE + 1])
    return shown if len(shown) <= LONGEST_VALUE else shown[:LONGEST_VALUE] + "…"
