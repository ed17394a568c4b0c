"""What the columns `status` and `enabledUser` and ids made by a spreadsheet come to."""

from services.people.roster.manifest import Mode
from services.people.roster.problems import Report
from services.people.roster.values import SPREADSHEET_ERROR

NOT_AN_ID = (
    "The id holds an error that a spreadsheet wrote, so it may stand for several. It was kept apart by its name; "
    "give it an id of its own where the file is made."
)


def check_status(report: Report, file: str, line: int, mode: Mode, status: str) -> bool:
    """Whether a row takes something away; a word that is none of the standard's is an error in the report."""
    if not status and mode is Mode.BULK:
        return False
    word = status.lower()
    if word not in ("active", "tobedeleted"):
        report.error(file, line, "status", status, f"In a {mode} file the status must be active or tobedeleted.")
    return word == "tobedeleted"


def own_id(report: Report, file: str, line: int, sourced_id: str, name: str) -> str:
    """The id to keep: the sourcedId, or, where a spreadsheet spoilt it, the sourcedId with the thing's name."""
    if "#" not in sourced_id or not SPREADSHEET_ERROR.search(sourced_id):
        return sourced_id
    report.warn(file, line, "sourcedId", sourced_id, NOT_AN_ID)
    return f"{sourced_id} {name}"


def as_written(own: str) -> str:
    """The sourcedId that `own_id` came from."""
    return own.split(" ", 1)[0] if SPREADSHEET_ERROR.search(own) else own
