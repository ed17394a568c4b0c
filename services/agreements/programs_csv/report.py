"""What an import could not read, line by line, for people and as CSV."""

import csv
import io
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from shared.spreadsheets import harmless


class Became(StrEnum):
    """What became of a row or a value that was not read as it stands; what matters most stands first."""

    ROW_LEFT_OUT = "row_left_out"
    VALUE_LEFT_OUT = "value_left_out"
    PAUSED = "paused"
    VANISHED = "vanished"
    CHANGED = "changed"
    JOINED = "joined"


BECAME_LABELS: dict[Became, str] = {
    Became.ROW_LEFT_OUT: "Row left out",
    Became.VALUE_LEFT_OUT: "Value left out",
    Became.PAUSED: "Imported as paused",
    Became.VANISHED: "No longer in the file",
    Became.CHANGED: "Read with a change",
    Became.JOINED: "Joined with another row",
}


class Line(BaseModel):
    """One line of the report. `row` counts as a spreadsheet does: the header is row 1; None: about no row."""

    model_config = ConfigDict(frozen=True)

    became: Became
    reason: str
    row: int | None = None
    column: str = ""
    value: str = ""


class Report(BaseModel):
    """All that an import has to say, in the order of the file."""

    model_config = ConfigDict(frozen=True)

    rows: int
    lines: tuple[Line, ...] = ()

    def count(self, became: Became) -> int:
        """How many lines are of this kind."""
        return self.counts[became]

    @property
    def counts(self) -> Counter[Became]:
        """Lines per kind."""
        return Counter(line.became for line in self.lines)

    @property
    def by_weight(self) -> list[Line]:
        """The lines with what matters most first, each kind in the order of the file."""
        weight = list(Became)
        return sorted(self.lines, key=lambda line: weight.index(line.became))

    @property
    def rows_refused(self) -> int:
        """Rows that were left out whole."""
        return len({line.row for line in self.lines if line.became is Became.ROW_LEFT_OUT})

    def with_lines(self, more: Iterable[Line]) -> "Report":
        """The report with further lines at its end."""
        return self.model_copy(update={"lines": (*self.lines, *more)})

    def to_csv(self) -> str:
        """The report as CSV, safe to open in a spreadsheet: no cell can be taken for a formula."""
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow(["row", "column", "value", "reason", "what became of it"])
        for line in self.lines:
            cells = [line.row or "", line.column, line.value, line.reason, BECAME_LABELS[line.became]]
            writer.writerow([harmless(str(cell)) for cell in cells])
        return out.getvalue()
