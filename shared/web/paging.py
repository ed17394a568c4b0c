"""Lists are shown 25 rows at a time."""

from typing import Annotated

from fastapi import Depends, Query

PAGE_SIZE = 25


class Paging:
    """Which part of a list is asked for; `page` counts from 1."""

    def __init__(self, page: Annotated[int, Query(ge=1, le=100_000, description="Page, from 1")] = 1) -> None:
        self.page = page
        self.limit = PAGE_SIZE

    @property
    def offset(self) -> int:
        """Rows before this page."""
        return (self.page - 1) * self.limit


Page = Annotated[Paging, Depends()]
