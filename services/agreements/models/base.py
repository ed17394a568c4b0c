"""What all tables of this service have in common."""

from sqlmodel import SQLModel

from shared.db import service_registry


class Table(SQLModel, registry=service_registry()):
    """This service's tables."""
