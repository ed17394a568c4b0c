"""One transaction per request, committed before the response is sent."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession


async def transaction(request: Request) -> AsyncIterator[AsyncSession]:
    """The request's session; any exception rolls everything back."""
    async with request.app.state.db.transaction() as session:
        yield session


# With the default scope the commit would come after the response had started, and a commit that fails would answer 200.
Transaction = Annotated[AsyncSession, Depends(transaction, scope="function")]
