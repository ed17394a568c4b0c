"""Column mappings that come with the service, one TOML file each; README.md beside them explains the form."""

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


def mapping_named(name: str) -> ColumnMapping:
    """One of the mappings that come with the service; refuses a name that there is not."""
    found = all_mappings().get(name)
    if found is None:
        known = ", ".join(all_mappings())
        raise Refusal(
            Kind.INVALID,
            "mapping_unknown",
            f"There is no mapping “{name[:60]}”. Choose one of: {known}.",
            fields={"mapping": "Choose a mapping from the list."},
        )
    return found


def mapping_at(name_or_path: str) -> ColumnMapping:
    """A mapping by its name, or else by the path of its file (anything that has a slash or ends in `.toml`)."""
    if not name_or_path.endswith(".toml") and "/" not in name_or_path:
        return mapping_named(name_or_path)
    try:
        return read_mapping(Path(name_or_path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        said = f"The mapping file {name_or_path} cannot be read: {error}."
        raise Refusal(Kind.INVALID, "mapping_unreadable", said) from None
