"""One line of address in its parts, and the parts as one line."""

import re
from collections.abc import Mapping

from services.agreements.words import line

_WHOLE = re.compile(
    r"(?P<address_1>.+?), (?P<city>[^,\d]+),? (?P<state_province>[A-Z]{2}),? (?P<postal_code>\d{5}(-\d{4})?)"
)
_BY_CITY = re.compile(r"(?P<address_1>.+), (?P<city>[^,\d]+?)(,? (?P<postal_code>\d{5}(-\d{4})?))?")


def parts_of(site: str) -> dict[str, str]:
    """The parts as HSDS names them; what is not recognised is empty, and the first line says all the rest."""
    match = _WHOLE.fullmatch(site) or _BY_CITY.fullmatch(site)
    found = match.groupdict(default="") if match else {"address_1": site}
    return dict.fromkeys(("address_1", "city", "state_province", "postal_code"), "") | found


def one_line(parts: Mapping[str, str]) -> str:
    """The address as people write it: "12 Main Street, Boston, MA 02118"."""
    street = [parts.get(name, "") for name in ("address_1", "address_2", "address_3", "address_4")]
    region = " ".join(filter(None, [line(parts.get("state_province", "")), line(parts.get("postal_code", ""))]))
    said = [line(part) for part in (*street, parts.get("city", ""), region)]
    return ", ".join(filter(None, said))
