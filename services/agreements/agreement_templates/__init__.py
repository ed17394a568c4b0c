"""Templates that an agreement is drafted from, one TOML file each: fields of `TermsEntry`, to be filled in and changed.

`[hints]` says beside a field what to write there, which the form shows; it never becomes part of the text.
"""

import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from services.agreements.rules.terms import TermsEntry
from shared.refusals import Kind, Refusal

FOLDER = Path(__file__).parent


class AgreementTemplate(BaseModel):
    """One template."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    """What it is called where somebody chooses."""
    when: str
    """What it is for, in a sentence."""
    terms: TermsEntry
    hints: dict[str, str] = {}
    """What to write into a field."""


@cache
def all_templates() -> dict[str, AgreementTemplate]:
    """The templates, by name."""
    found = (_read(path) for path in sorted(FOLDER.glob("*.toml")))
    return {template.name: template for template in found}


def _read(path: Path) -> AgreementTemplate:
    return AgreementTemplate.model_validate({"name": path.stem} | tomllib.loads(path.read_text("utf-8")))


def template_named(name: str) -> AgreementTemplate:
    """One template; refuses a name that there is not."""
    found = all_templates().get(name)
    if found is None:
        said = "Choose a template from the list."
        raise Refusal(Kind.INVALID, "template_unknown", said, fields={"template": said})
    return found
