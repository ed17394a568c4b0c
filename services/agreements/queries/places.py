"""Where a search is near: a neighborhood, a postal code, a school or a position, and how far things are from there."""

from dataclasses import dataclass
from math import cos, radians

from pydantic import BaseModel
from sqlalchemy import ColumnElement, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Listing, Place
from services.agreements.rules import position_in
from services.agreements.words import plain

METRES = 111_320.0
"""A degree of latitude."""
USUAL = 8_000
"""Metres around a place where nothing else is said."""


class PlaceView(BaseModel):
    """A neighborhood, a postal code or a school."""

    kind: str
    name: str
    latitude: float
    longitude: float
    programs: int


@dataclass(frozen=True, slots=True)
class Around:
    """A circle on the map; `name` is empty for a bare position."""

    name: str
    latitude: float
    longitude: float
    metres: float

    @property
    def inside(self) -> ColumnElement[bool]:
        """The listings in the circle: first those in the square around it, which the index finds."""
        north, east = self.metres / METRES, self.metres / (METRES * self._narrower)
        point = func.point(col(Listing.longitude), col(Listing.latitude))
        corners = [func.point(self.longitude + side * east, self.latitude + side * north) for side in (-1, 1)]
        return point.bool_op("<@")(func.box(*corners)) & (self.distance <= self.metres)

    @property
    def distance(self) -> ColumnElement[float]:
        """Metres from the middle, on a plane: right to a thousandth within a city."""
        north = (col(Listing.latitude) - self.latitude) * METRES
        east = (col(Listing.longitude) - self.longitude) * METRES * self._narrower
        return func.sqrt(north * north + east * east)

    @property
    def _narrower(self) -> float:
        return max(cos(radians(self.latitude)), 0.01)


async def around(session: AsyncSession, near: str, metres: int | None) -> Around | None:
    """The circle that a text names; None where no such place is known."""
    position = position_in(near)
    if position:
        return Around("", *position, metres or USUAL)
    found = await session.exec(select(Place).where(Place.key == plain(near).strip()).order_by(Place.kind))
    place = found.first()
    return Around(place.name, place.latitude, place.longitude, metres or USUAL) if place else None


async def neighborhoods(session: AsyncSession) -> list[PlaceView]:
    """The neighborhoods that programs name, by name."""
    return await _places(session, "neighborhood")


async def schools_on_the_map(session: AsyncSession) -> list[PlaceView]:
    """The schools of which it is known where they are, by name."""
    return await _places(session, "school")


async def _places(session: AsyncSession, kind: str) -> list[PlaceView]:
    rows = await session.exec(select(Place).where(Place.kind == kind).order_by(Place.name))
    return [PlaceView.model_validate(row, from_attributes=True) for row in rows]
