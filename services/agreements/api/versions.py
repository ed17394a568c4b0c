"""The version of a thing that a caller read."""

from typing import Annotated

from pydantic import Field

Version = Annotated[int, Field(ge=1, description="The version that was read; refused where somebody changed it since")]
