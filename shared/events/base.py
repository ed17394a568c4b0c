"""What every fact is: one frozen class with a type, a topic and a subject."""

from typing import Any, ClassVar, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

F = TypeVar("F", bound="type[Fact]")


class Fact(BaseModel):
    """Something that happened, in the past tense, or (on a compacted topic) the newest state of a thing.

    Readers ignore fields they do not know; within one version only optional fields are ever added.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str]
    topic: ClassVar[str]
    source: ClassVar[str]
    key: ClassVar[str]

    @property
    def subject(self) -> str:
        """The aggregate's id: the CloudEvents subject and the Kafka key."""
        return str(getattr(self, self.key))

    def data(self) -> dict[str, Any]:
        """The JSON value of the event."""
        return self.model_dump(mode="json")


class Erasure(Fact):
    """The end of a thing on a compacted topic: published without a value (a tombstone)."""


FACTS: dict[str, type[Fact]] = {}


def fact(type_: str, *, topic: str, key: str) -> Any:
    """Register a fact class under its CloudEvents type (`referral.sent.v1`), its topic, and its key field."""

    def register(cls: F) -> F:
        owner = topic.split(".", 1)[0]
        cls.type, cls.topic, cls.key, cls.source = type_, topic, key, f"/services/{owner}"
        if type_ in FACTS:
            raise ValueError(f"two facts are named {type_}")
        FACTS[type_] = cls
        return cls

    return register


class Role(BaseModel):
    """One role of a person and what it covers: schools, an organization, students, or everything."""

    model_config = ConfigDict(frozen=True)

    name: str
    """`district_office`, `school_staff`, `partner_staff`, `guardian` or `student`."""
    scope_id: UUID | None = None
    """The school, the organization or the student that the role covers; None for the whole district."""
