"""Lists as CSV (RFC 4180), safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from services.referrals.queries import ReferralLine
from services.referrals.words import ATTEMPT_LABELS, STATE_LABELS, URGENCY_LABELS, need_name

HEADERS = (
    "Referral", "Student", "Grade", "School", "Need", "Urgency", "State", "Program", "Partner", "Program's answer",
    "Answer due", "Referred by", "Referred on", "Last change",
)  # fmt: skip

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(lines: Iterable[ReferralLine], zone: ZoneInfo) -> Iterator[str]:
    """Rows of text, the headers first; times are the district's."""
    yield _row(HEADERS)
    for line in lines:
        yield _row(_cells(line, zone))


def _cells(line: ReferralLine, zone: ZoneInfo) -> tuple[str, ...]:
    moments = (line.answer_by, line.submitted_at, line.changed_at)
    due, submitted, changed = (m.astimezone(zone).strftime("%Y-%m-%d %H:%M") if m else "" for m in moments)
    return (
        str(line.id),
        line.student,
        line.grade or "",
        line.school,
        need_name(line.need),
        URGENCY_LABELS[line.urgency],
        STATE_LABELS[line.state],
        line.program,
        line.organization,
        ATTEMPT_LABELS[line.attempt_state] if line.attempt_state else "",
        due,
        line.referrer,
        submitted,
        changed,
    )


def _row(cells: Iterable[str]) -> str:
    out = io.StringIO()
    # A spreadsheet runs a cell that begins like a formula; an apostrophe keeps it text.
    csv.writer(out).writerow(f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells)
    return out.getvalue()
