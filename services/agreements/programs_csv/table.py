"""The bytes of a CSV file as a table: encoding, byte order mark, delimiter, header, rows of equal width."""

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from services.agreements.programs_csv.report import Became, Line
from services.agreements.words import folded, line
from shared.refusals import Kind, Refusal

_DELIMITERS = (",", ";", "\t")
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `number` counts as a spreadsheet does (the header is row 1); cells by folded column name."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class CsvTable:
    """The columns as they are named, the rows, and what was wrong with the ones that are missing."""

    columns: dict[str, str]
    """Folded name to the name as it stands in the file."""
    rows: tuple[Row, ...]
    total: int
    """Rows in the file, read or not."""
    lines: tuple[Line, ...]


def read_table(content: bytes) -> CsvTable:
    """The table in a CSV file.

    UTF-8 (with or without byte order mark), UTF-16 with one, else Windows-1252 with a line about it in the report.
    Refuses a file that is empty, not text, not CSV, or has a column twice.
    """
    text, lines = _decoded(content)
    found = _records(text)
    header = next(found, None)
    if header is None or not any(cell.strip() for cell in header[1]):
        raise Refusal(Kind.INVALID, "file_empty", "The file is empty. Choose a CSV file with a header and rows.")
    names = [line(cell) for cell in header[1]]
    columns = _columns(names)
    rows: list[Row] = []
    total = 0
    for number, cells in found:
        total += 1
        wrong = _width(number, cells, len(names))
        if wrong:
            lines.append(wrong)
        else:
            rows.append(Row(number, {folded(n): c for n, c in zip(names, cells, strict=True) if n}))
    return CsvTable(columns, tuple(rows), total, tuple(lines))


def _decoded(content: bytes) -> tuple[str, list[Line]]:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _text(content, "utf-16"), []
    try:
        return _no_binary(content.decode("utf-8-sig")), []
    except UnicodeDecodeError:
        said = "This file is not in UTF-8. It was read as Windows-1252: check the letters with accents"
        return _text(content, "cp1252"), [Line(became=Became.CHANGED, reason=said)]


def _text(content: bytes, encoding: str) -> str:
    try:
        return _no_binary(content.decode(encoding))
    except UnicodeDecodeError:
        raise _not_text() from None


def _no_binary(text: str) -> str:
    if "\0" in text:
        raise _not_text()
    return text


def _not_text() -> Refusal:
    return Refusal(
        Kind.INVALID,
        "file_not_text",
        "This is not a text file. In your spreadsheet, choose “Save as” and the type “CSV UTF-8”, and upload that.",
    )


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with their number as a spreadsheet counts them; rows without any content are passed over."""
    head = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error as error:
        raise Refusal(
            Kind.INVALID,
            "csv_malformed",
            f"The file cannot be read as CSV near line {reader.line_num}: {error}. "
            "Look for a quotation mark that is not closed, mend it, and upload the file again.",
        ) from None


def _columns(names: list[str]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for name in filter(None, names):
        if folded(name) in columns:
            said = f"The file has the column “{name}” twice. Rename or remove one, and upload the file again."
            raise Refusal(Kind.INVALID, "column_twice", said)
        columns[folded(name)] = name
    return columns


def _width(number: int, cells: list[str], width: int) -> Line | None:
    if len(cells) == width:
        return None
    reason = f"The row has {len(cells)} cells, the header has {width}"
    return Line(became=Became.ROW_LEFT_OUT, reason=reason, row=number, value=line(" | ".join(cells))[:_SHOWN])
