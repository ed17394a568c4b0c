"""Programs and their partners as HSDS 3.1 says them: services, organizations, locations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from services.agreements.hsds.address import parts_of
from services.agreements.hsds.terms import BY_ID, GRADES, NEEDS, made, school_term
from services.agreements.labels import grades_in_words
from services.agreements.queries import ProgramView
from services.agreements.rules import ProgramStatus
from shared.events.vocabulary import LANGUAGES

STATUS = {
    ProgramStatus.OPEN: "active",
    ProgramStatus.PAUSED: "temporarily closed",
    ProgramStatus.CLOSED: "inactive",
}
HALTED = STATUS[ProgramStatus.PAUSED]
"""What an open program is said to be whose partner may take nobody now."""
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner organization as HSDS wants it."""

    id: UUID
    name: str
    website: str = ""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes things of one district; `schools` are the names by id."""

    district: str
    currency: str
    country: str
    schools: Mapping[UUID, str] = field(default_factory=dict)

    def organization(self, partner: Partner) -> Json:
        """A partner, plain."""
        about = f"Partner of the schools of {self.district}."
        return _said(id=str(partner.id), name=partner.name, description=about, website=partner.website)

    def full_organization(self, partner: Partner, programs: Sequence[ProgramView], *, full_service: bool) -> Json:
        """A partner with its services; those of `full_service` as they stand alone, the others by id and name."""
        brief = [{"id": str(one.id), "name": one.name, "status": _status(one)} for one in programs]
        whole = [self.full_service(one, partner) for one in programs] if full_service else brief
        return self.organization(partner) | {"services": whole}

    def service(self, program: ProgramView, partner: Partner) -> Json:
        """A program, plain, with its organization."""
        return _said(
            id=str(program.id),
            organization_id=str(program.organization_id),
            name=program.name,
            description=program.description,
            url=program.url,
            email=program.contact_email,
            status=_status(program),
            fees_description=program.cost_note or ("Free" if program.cost_cents == 0 else ""),
            eligibility_description=grades_in_words(program.grades),
            minimum_age=program.minimum_age,
            maximum_age=program.maximum_age,
            assured_date=program.confirmed_at.date().isoformat(),
            last_modified=max(program.changed_at, program.confirmed_at).isoformat(),
            organization=self.organization(partner),
        )

    def minimal(self, program: ProgramView) -> Json:
        """As little of a program as the schema lets it be."""
        modified = max(program.changed_at, program.confirmed_at).isoformat()
        return {
            "id": str(program.id),
            "name": program.name,
            "status": _status(program),
            "last_modified": modified,
        }

    def full_service(self, program: ProgramView, partner: Partner) -> Json:
        """A program with all that belongs to it."""
        at = self.at_location(program)
        return self.service(program, partner) | _said(
            phones=_phones(program),
            schedules=_schedules(program),
            service_at_locations=[at | {"location": self.full_location(program)}] if at else [],
            languages=[_said(id=made("language", program.id, t), name=LANGUAGES[t], code=t) for t in program.languages],
            cost_options=self._costs(program),
            contacts=_contacts(program),
            capacities=_capacities(program),
            attributes=self._attributes(program),
        )

    def at_location(self, program: ProgramView) -> Json:
        """Where a program takes place, plain, with the program's id; empty where nobody knows."""
        if not program.site and program.latitude is None:
            return {}
        return {"id": str(program.id), "service_id": str(program.id), "location_id": _location_id(program)}

    def listed_at_location(self, program: ProgramView, partner: Partner) -> Json:
        """The same with the plain location and the plain service."""
        return self.at_location(program) | {
            "location": self.location(program),
            "service": self.service(program, partner),
        }

    def full_at_location(self, program: ProgramView, partner: Partner) -> Json:
        """The same with all that belongs to it."""
        service = self.full_service(program, partner)
        service.pop("service_at_locations", None)
        return self.at_location(program) | {"location": self.full_location(program), "service": service}

    def location(self, program: ProgramView) -> Json:
        """The place of a program, plain."""
        return _said(
            id=_location_id(program),
            location_type="physical",
            organization_id=str(program.organization_id),
            name=program.neighborhood,
            latitude=program.latitude,
            longitude=program.longitude,
        )

    def full_location(self, program: ProgramView) -> Json:
        """The place of a program with its address."""
        if not program.site:
            return self.location(program)
        address = parts_of(program.site) | {"country": self.country, "address_type": "physical"}
        address |= _said(region=program.neighborhood)
        place = _location_id(program)
        return self.location(program) | {"addresses": [{"id": made("address", place), "location_id": place} | address]}

    def _costs(self, program: ProgramView) -> list[Json]:
        if program.cost_cents is None:
            return []
        option = _said(
            id=made("cost", program.id),
            service_id=str(program.id),
            option="Free" if not program.cost_cents else "",
            currency=(program.currency or self.currency).lower(),
            amount=program.cost_cents / 100,
            amount_description=program.cost_note,
        )
        return [option]

    def _attributes(self, program: ProgramView) -> list[Json]:
        terms = [BY_ID[made("term", NEEDS, need)] for need in program.needs]
        terms += [BY_ID[id] for grade in program.grades if (id := made("term", GRADES, grade)) in BY_ID]
        terms += [school_term(id, self.schools.get(id, "A school")) for id in program.school_ids]
        return [
            {
                "id": made("attribute", program.id, term["id"]),
                "link_id": str(program.id),
                "taxonomy_term_id": term["id"],
                "link_entity": "service",
                "value": term["code"],
                "label": term["name"],
                "taxonomy_term": term,
            }
            for term in terms
        ]


def _said(**values: Any) -> Json:
    """What is said: HSDS leaves out what is not known."""
    return {name: value for name, value in values.items() if value is not None and value not in ("", [])}


def _status(program: ProgramView) -> str:
    return HALTED if program.halted and program.status is ProgramStatus.OPEN else STATUS[program.status]


def _location_id(program: ProgramView) -> str:
    return made("location", program.organization_id, program.site or program.id)


def _phones(program: ProgramView) -> list[Json]:
    if program.contact_phone is None:
        return []
    extension = program.contact_extension
    phone = _said(
        id=made("phone", program.id),
        service_id=str(program.id),
        number=program.contact_phone,
        extension=int(extension) if extension.isdigit() else None,
        type="voice",
    )
    return [phone]


def _contacts(program: ProgramView) -> list[Json]:
    if not program.contact_name:
        return []
    contact = _said(
        id=made("contact", program.id),
        service_id=str(program.id),
        name=program.contact_name,
        email=program.contact_email,
        phones=_phones(program),
    )
    return [contact]


def _schedules(program: ProgramView) -> list[Json]:
    days: dict[str, list[str]] = {}
    for time in program.times:
        days.setdefault(time[3:], []).append(time[:2])
    common = {"service_id": str(program.id)} | _said(description=program.schedule)
    weekly = [
        {"id": made("schedule", program.id, hours), "freq": "WEEKLY", "byday": ",".join(named)}
        | {"opens_at": f"{hours[:5]}:00", "closes_at": f"{hours[6:]}:00"}
        | common
        for hours, named in days.items()
    ]
    return weekly or ([{"id": made("schedule", program.id)} | common] if program.schedule else [])


def _capacities(program: ProgramView) -> list[Json]:
    if program.open_places is None:
        return []
    unit = {"id": made("unit", "place"), "name": "place"}
    capacity = _said(
        id=made("capacity", program.id),
        service_id=str(program.id),
        unit=unit,
        unit_id=unit["id"],
        available=program.open_places,
        maximum=program.capacity,
        updated=program.confirmed_at.isoformat(),
    )
    return [capacity]
