"""Reads a CSV file row by row with exact line numbers, and says of every line that is not UTF-8 CSV what is wrong."""

import csv
from collections.abc import Iterator, Sequence
from operator import itemgetter

from services.people.roster.bundle import BROKEN, Bundle, Unusable
from services.people.roster.problems import Report

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LONGEST_LINE = 131_072
"""Bytes; also the longest cell that the csv module takes."""

NOT_UTF_8 = (
    "This is not UTF-8; it looks like Latin-1 or Windows-1252. Export the file again as UTF-8 "
    "(in Excel: CSV UTF-8), so that no name is garbled."
)


class Table:
    """One CSV file of a bundle: its header is checked when it is opened, its rows are streamed."""

    def __init__(self, bundle: Bundle, name: str, report: Report) -> None:
        self.name = name
        self.size = bundle.size(name)
        self.bytes_read = 0
        self.header: list[str] = []
        self._bundle = bundle
        self._report = report
        self._suspect: dict[int, str] = {}
        self._rows = self._numbered()
        first = next(self._rows, None)
        if first is None:
            report.error(name, 1, "", "", "The file is empty; its first line must name the columns.")
            return
        self.header = first[1]
        self._check_no_column_twice()

    def has(self, *columns: str) -> bool:
        """Whether all these columns are there; those that are missing are errors in the report."""
        missing = [column for column in columns if column not in self.header]
        for column in missing:
            self._report.error(self.name, 1, column, "", f"The column {column} is missing.")
        return bool(self.header) and not missing

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
        """The line number and these columns' cells of every sound row, trimmed; a column that is missing is empty."""
        width = len(self.header)
        pick = itemgetter(*[self.header.index(c) if c in self.header else width for c in columns])
        for line, cells in self._rows:
            if len(cells) != width:
                words = f"The line has {len(cells)} values, the first line names {width} columns."
                self._report.error(self.name, line, "", "", words)
                continue
            cells.append("")
            yield line, pick(cells)

    def _check_no_column_twice(self) -> None:
        for column in {c for c in self.header if c and self.header.count(c) > 1}:
            self._report.error(self.name, 1, column, "", f"The column {column} is there twice.")

    def _numbered(self) -> Iterator[tuple[int, list[str]]]:
        """Rows with the number of their first line; rows that cannot be read are in the report instead."""
        reader = csv.reader(self._lines(), strict=True)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                words = f"This is not CSV from here on ({error}). Look for a quotation mark that is not closed."
                self._report.error(self.name, line, "", "", words)
                return
            if self._suspect and self._is_garbled(line, reader.line_num, cells):
                continue
            if cells:
                yield line, [cell.strip() for cell in cells]

    def _lines(self) -> Iterator[str]:
        number = 0
        try:
            with self._bundle.open(self.name) as file:
                while raw := file.readline(LONGEST_LINE + 1):
                    number += 1
                    self.bytes_read += len(raw)
                    if len(raw) > LONGEST_LINE:
                        self._report.error(self.name, number, "", "", "The line is too long; this is no roster.")
                        return
                    yield self._decoded(number, raw)
        except BROKEN:
            words = f"{self.name} is damaged after line {number}. Export the bundle again."
            raise Unusable(words) from None

    def _decoded(self, number: int, raw: bytes) -> str:
        if number == 1:
            if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
                words = f"{self.name} is UTF-16. Export it again as UTF-8 (in Excel: CSV UTF-8)."
                raise Unusable(words)
            raw = raw.removeprefix(BYTE_ORDER_MARK)
        try:
            line = raw.decode()
        except UnicodeDecodeError:
            self._suspect[number] = NOT_UTF_8
            return raw.decode("utf-8", "surrogateescape")
        if not line.rstrip("\r\n").isprintable() and any(_is_control(c) for c in line):
            self._suspect[number] = "The value holds a character that cannot be shown. Export the file again."
        return line

    def _is_garbled(self, first: int, last: int, cells: list[str]) -> bool:
        words = next((self._suspect.pop(n) for n in range(first, last + 1) if n in self._suspect), None)
        if words is None:
            return False
        for index, cell in enumerate(cells):
            if any(_is_control(c) or 0xDC80 <= ord(c) <= 0xDCFF for c in cell):
                shown = cell.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
                column = self.header[index] if index < len(self.header) else ""
                self._report.error(self.name, first, column, shown, words)
        return True


def _is_control(character: str) -> bool:
    return (character < " " and character not in "\t\r\n") or "\x7f" <= character <= "\x9f"
