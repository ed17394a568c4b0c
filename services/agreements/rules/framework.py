"""A framework for rating partnerships: elements, their indicators, and what the system knows about some of them."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class EvidenceKind(StrEnum):
    """What the system knows about a partnership, to be shown beside ratings."""

    REFERRALS = "referrals"
    CONTACTS = "contacts"
    AGREEMENTS = "agreements"
    GOALS = "goals"
    MEETINGS = "meetings"
    MESSAGES = "messages"


class Indicator(BaseModel):
    """One sentence that both sides rate."""

    model_config = ConfigDict(frozen=True)

    code: str
    words: str
    evidence: EvidenceKind | None = None


class Element(BaseModel):
    """Indicators that belong together."""

    model_config = ConfigDict(frozen=True)

    code: str
    title: str
    indicators: tuple[Indicator, ...]


class Framework(BaseModel):
    """All that a partnership is rated by; `scale` names the ratings from 1 upward."""

    model_config = ConfigDict(frozen=True, ignored_types=(cached_property,))

    name: str
    version: int
    title: str
    scale: tuple[str, ...]
    elements: tuple[Element, ...]

    @cached_property
    def indicators(self) -> dict[str, Indicator]:
        """Every indicator by its code, in order."""
        return {one.code: one for element in self.elements for one in element.indicators}

    def element(self, code: str) -> Element | None:
        """The element with this code."""
        return next((one for one in self.elements if one.code == code), None)

    @model_validator(mode="after")
    def _each_code_once(self) -> "Framework":
        codes = [one.code for element in self.elements for one in element.indicators]
        if len(codes) != len(set(codes)):
            raise ValueError("an indicator's code stands there twice")
        return self


def read_framework(data: Mapping[str, Any]) -> Framework:
    """The framework that a file describes; raises ValueError where the file is not in order."""
    evidence: dict[str, str] = data.get("evidence", {})
    elements = [
        Element(
            code=element["code"],
            title=element["title"],
            indicators=tuple(
                Indicator(code=code, words=words, evidence=_kind(evidence, code))
                for code, words in element["indicators"].items()
            ),
        )
        for element in data["elements"]
    ]
    values = {key: data[key] for key in ("name", "version", "title", "scale")}
    framework = Framework(**values, elements=tuple(elements))
    if strangers := evidence.keys() - framework.indicators.keys():
        raise ValueError(f"there is evidence for indicators that are not there: {sorted(strangers)}")
    return framework


def _kind(evidence: Mapping[str, str], code: str) -> EvidenceKind | None:
    return EvidenceKind(evidence[code]) if code in evidence else None
