"""The database: one engine per process and service, one transaction per command, tables on a metadata of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any, cast

import asyncpg
from asyncpg.exceptions import InterfaceError as ClientError
from sqlalchemy import Column, DateTime, Dialect, MetaData, Table, Text, event
from sqlalchemy import Enum as EnumType
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.orm import registry
from sqlalchemy.types import TypeDecorator
from sqlmodel import AutoString
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.failpoints import hit

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class TextEnum(TypeDecorator[StrEnum]):
    """A `StrEnum` kept as text: new words need no migration of a database type."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        """The word, checked."""
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """The word as its class."""
        return None if value is None else self.words(value)


def _mend_type(column: Column[Any], table: Table) -> None:
    """SQLModel makes naive timestamps, native enums and varchars; ours are aware, and text."""
    if not table.metadata.info.get("crosswalk"):
        return
    if isinstance(column.type, DateTime) and not column.type.timezone:
        column.type = DateTime(timezone=True)
    elif isinstance(column.type, EnumType) and column.type.enum_class is not None:
        column.type = TextEnum(cast("type[StrEnum]", column.type.enum_class))
    elif isinstance(column.type, AutoString):
        column.type = Text()


event.listen(Column, "after_parent_attach", _mend_type)


def service_registry() -> registry:
    """A registry for one service's tables, on a metadata of their own.

    `class Table(SQLModel, registry=service_registry())` in the service's models is the base of its tables.
    There, `datetime` becomes timestamptz, a `StrEnum` becomes text, `UUID` becomes uuid.
    """
    return registry(metadata=MetaData(naming_convention=NAMING, info={"crosswalk": True}))


def async_url(dsn: str) -> str:
    """The SQLAlchemy form of `postgresql://...`."""
    return dsn.replace("postgresql://", "postgresql+asyncpg://", 1)


THROUGH_ALL = 3600.0
"""Seconds for a statement that goes through a whole table: the outbox of a large district keeps millions of states."""


class Database:
    """One service's database: `transaction()` is the unit of work, each statement of which gets `patience` seconds."""

    def __init__(self, dsn: str, *, pool_size: int = 8, notify: bool = True, patience: float = 60.0) -> None:
        self.dsn = dsn
        self.engine: AsyncEngine = create_async_engine(
            async_url(dsn),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=5,
            pool_pre_ping=False,
            # The connection that was used last knows its statements and their plans; the others may grow cold.
            pool_use_lifo=True,
            # What a statement carried may be people's names; errors are logged.
            hide_parameters=True,
            connect_args={"timeout": 5, "command_timeout": patience, "prepared_statement_cache_size": 300},
        )
        self.sessions = async_sessionmaker(
            self.engine, class_=AsyncSession, expire_on_commit=False, info={"notify": notify}
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session whose work is committed at the end, or rolled back whole on any exception."""
        async with self.sessions() as session, session.begin():
            yield session
            hit("commit.before")
        hit("commit.after")

    async def close(self) -> None:
        """Give all connections back."""
        await self.engine.dispose()


async def raw_connection(session: AsyncSession) -> asyncpg.Connection:
    """The asyncpg connection under a session's transaction, for COPY."""
    connection = await session.connection()
    fairy = await connection.get_raw_connection()
    raw = cast("asyncpg.Connection", fairy.driver_connection)
    if not raw.is_in_transaction():
        # SQLAlchemy sends BEGIN with its first statement only; without it each raw statement would commit by itself.
        await connection.exec_driver_sql("SELECT 1")
    return raw


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database could not be reached (as opposed to: refused the statement)."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if isinstance(error, OperationalError | InterfaceError | NoConnectionFree):
        return True
    cause: Any = getattr(error, "orig", None) or error
    if isinstance(cause, OSError | TimeoutError | asyncpg.PostgresConnectionError | ClientError):
        return True
    return _sqlstate(error)[:2] in {"57", "53", "08"}


def is_unreadable(error: BaseException) -> bool:
    """Whether an error says that a text holds what PostgreSQL keeps in no text: NUL, alone or inside of JSON."""
    return _sqlstate(error) in {"22021", "22P05"}


def _sqlstate(error: BaseException) -> str:
    # SQLAlchemy wraps what asyncpg raises in a class of its own, which has the code only.
    return str(getattr(getattr(error, "orig", None) or error, "sqlstate", None) or "")
