"""What a service does about facts: one function per fact, found by the event's type."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.dialects.postgresql import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.events import people
from shared.events.base import Erasure, Fact
from shared.messaging.cloudevents import RawEvent, Unreadable
from shared.messaging.tables import revoked_sessions

F = TypeVar("F", bound=Fact)


@dataclass(frozen=True, slots=True)
class Event(Generic[F]):
    """A fact with what its envelope says."""

    fact: F
    raw: RawEvent

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)

    @property
    def id(self) -> UUID:
        """The event's id."""
        return self.raw.id


class NotYet(Exception):
    """Something that this event builds on is not known here yet: it is tried again by itself until it is."""


One = Callable[[AsyncSession, Event[Any]], Awaitable[None]]
Many = Callable[[AsyncSession, Sequence[Event[Any]]], Awaitable[None]]
Everything = Callable[[AsyncSession, Sequence[RawEvent]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Handler:
    run: Any
    fact: type[Fact]
    many: bool


class Handlers:
    """A service's handlers; calling it with fact classes registers one (`@on(people.PersonChanged)`).

    `editions`: of a topic of states, which edition of its projection this code makes (`shared.messaging.editions`).
    """

    def __init__(self, consumer: str, *, editions: Mapping[str, int] | None = None) -> None:
        self.consumer = consumer
        self.editions = dict(editions or {})
        self._by_type: dict[str, _Handler] = {}
        self._everything: Everything | None = None
        self._all_topics: tuple[str, ...] = ()
        self(people.SessionsEnded)(_revoke_sessions)

    def __call__(self, *facts: type[Fact]) -> Callable[[One], One]:
        """Register a function that takes one event."""
        return self._register(facts, many=False)

    def many(self, *facts: type[Fact]) -> Callable[[Many], Many]:
        """Register a function that takes consecutive events, in order: for projections, which cause nothing."""
        return self._register(facts, many=True)

    def everything(self, *topics: str) -> Callable[[Everything], Everything]:
        """Register the function that takes every event of these topics, of known type or not."""

        def register(run: Everything) -> Everything:
            self._everything, self._all_topics = run, topics
            return run

        return register

    def _register(self, facts: Sequence[type[Fact]], *, many: bool) -> Callable[[Any], Any]:
        def register(run: Any) -> Any:
            for fact in facts:
                if fact.type in self._by_type:
                    raise ValueError(f"{self.consumer} handles {fact.type} twice")
                self._by_type[fact.type] = _Handler(run, fact, many)
            return run

        return register

    @property
    def topics(self) -> tuple[str, ...]:
        """All topics that these handlers need."""
        own = {handler.fact.topic for handler in self._by_type.values()}
        return tuple(sorted(own | set(self._all_topics)))

    @property
    def whole_topics(self) -> tuple[str, ...]:
        """The topics of which every event is heard, of known type or not."""
        return self._all_topics

    @property
    def types(self) -> frozenset[str]:
        """The event types that have a handler of their own."""
        return frozenset(self._by_type)

    def handles(self, event: RawEvent) -> bool:
        """Whether anything here runs for this event."""
        return event.type in self._by_type or event.topic in self._all_topics

    def projects(self, event: RawEvent) -> bool:
        """Whether the event causes nothing here: it is projected, or of no interest."""
        handler = self._by_type.get(event.type)
        return handler is None or handler.many

    async def hear(self, session: AsyncSession, events: Sequence[RawEvent]) -> None:
        """Give events to the function that takes every one, all at once: it causes nothing, so it needs no trace."""
        if self._everything and (heard := [e for e in events if e.topic in self._all_topics]):
            await self._everything(session, heard)

    async def dispatch(self, session: AsyncSession, events: Sequence[RawEvent]) -> None:
        """Run the handlers over events in order; events of unknown type are left alone."""
        for handler, run in self._runs(events):
            if handler.many:
                await handler.run(session, run)
            else:
                for event in run:
                    await handler.run(session, event)

    def _runs(self, events: Sequence[RawEvent]) -> Iterator[tuple[_Handler, list[Event[Any]]]]:
        run: list[Event[Any]] = []
        current: _Handler | None = None
        for raw in events:
            handler = self._by_type.get(raw.type)
            if handler is None:
                continue
            if current is not None and handler is not current:
                yield current, run
                run = []
            current = handler
            run.append(Event(_parse(handler.fact, raw), raw))
        if current is not None:
            yield current, run


def _parse(fact: type[Fact], raw: RawEvent) -> Fact:
    data = {fact.key: raw.subject} if issubclass(fact, Erasure) else raw.data()
    try:
        return fact.model_validate(data)
    except ValidationError as error:
        wrong = ", ".join(".".join(str(p) for p in e["loc"]) or "it" for e in error.errors())
        raise Unreadable(f"not a {fact.type}: {wrong}") from None


async def _revoke_sessions(session: AsyncSession, event: Event[people.SessionsEnded]) -> None:
    if not event.fact.session_ids:
        return
    rows = [{"session_id": id, "expires_at": event.fact.expires_at} for id in event.fact.session_ids]
    await session.execute(insert(revoked_sessions).values(rows).on_conflict_do_nothing())
