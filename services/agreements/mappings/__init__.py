"""What kinds of files can be imported: column mappings, one TOML file each (README.md beside them), and HSDS."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from services.agreements.programs_csv.mapping import ColumnMapping, read_mapping
from shared.refusals import Kind, Refusal

FOLDER = Path(__file__).parent
"""Where they are."""


@cache
def all_mappings() -> dict[str, ColumnMapping]:
    """The mappings that come with the service, by name."""
    return {path.stem: read_mapping(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.toml"))}


@dataclass(frozen=True, slots=True)
class Hsds:
    """Files of the Human Services Data Specification: what their parts mean is in the standard, not in a mapping."""

    name: str = "hsds"
    title: str = "HSDS (Open Referral): JSON, or CSV tables in a zip"
    country: str = "US"
    """Where telephone numbers without country code are from (ISO 3166)."""


FileKind = ColumnMapping | Hsds


def all_kinds() -> dict[str, FileKind]:
    """The kinds of files that can be imported, by name."""
    return {**all_mappings(), Hsds().name: Hsds()}


def kind_named(name: str) -> FileKind:
    """One of the kinds of files; refuses a name that there is not."""
    return Hsds() if name == Hsds().name else mapping_named(name)


def mapping_named(name: str) -> ColumnMapping:
    """One of the mappings that come with the service; refuses a name that there is not."""
    found = all_mappings().get(name)
    if found is None:
        known = ", ".join(all_kinds())
        raise Refusal(
            Kind.INVALID,
            "mapping_unknown",
            f"There is no mapping “{name[:60]}”. Choose one of: {known}.",
            fields={"mapping": "Choose a mapping from the list."},
        )
    return found


def kind_at(name_or_path: str) -> FileKind:
    """A kind by its name, or else a mapping by the path of its file (anything that has a slash or ends in `.toml`)."""
    if not name_or_path.endswith(".toml") and "/" not in name_or_path:
        return kind_named(name_or_path)
    try:
        return read_mapping(Path(name_or_path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        said = f"The mapping file {name_or_path} cannot be read: {error}."
        raise Refusal(Kind.INVALID, "mapping_unreadable", said) from None
