"""How somebody is reached: the e-mail address and the number of a row, and what is wrong with them."""

from typing import NamedTuple

from services.people.roster import values
from services.people.roster.problems import Report
from services.people.roster.records import Kind


class Contact(NamedTuple):
    """What could be read."""

    email: str | None
    phone: str | None


def read_contact(
    report: Report, file: str, line: int, kind: Kind | None, *, email: str, sms: str, phone: str, region: str
) -> Contact:
    """The address, and the first of `sms` and `phone` that can be read, as E.164.

    What cannot be read is a warning where the person can still be reached or need not be, else an error.
    """
    found = Contact(values.email(email) if email else None, _first_phone(sms, phone, region))
    wrong = _unread_phones(sms, phone, region)
    if email and not found.email:
        wrong.append(("email", email, "This is no e-mail address."))
    hard = kind is Kind.GUARDIAN and not found.email and not found.phone
    for column, value, words in wrong:
        if hard:
            report.error(
                file, line, column, value, f"{words} Nobody could reach this guardian: mend the cell or empty it."
            )
        else:
            report.warn(file, line, column, value, f"{words} It was left out.")
    _warn_of_silence(report, file, line, kind, found, anything=bool(email or sms or phone))
    return found


def _first_phone(sms: str, phone: str, region: str) -> str | None:
    return (values.phone(sms, region) if sms else None) or (values.phone(phone, region) if phone else None)


def _unread_phones(sms: str, phone: str, region: str) -> list[tuple[str, str, str]]:
    given = [("sms", sms)] if sms else []
    if phone and phone != sms:
        given.append(("phone", phone))
    words = "This is no phone number that can be dialled."
    return [(column, value, words) for column, value in given if values.phone(value, region) is None]


def _warn_of_silence(
    report: Report, file: str, line: int, kind: Kind | None, found: Contact, *, anything: bool
) -> None:
    if kind is Kind.GUARDIAN and not anything:
        report.warn(file, line, "email", "", "The guardian has no e-mail address and no number: nobody can reach them.")
    elif kind is Kind.STAFF and not found.email:
        report.warn(file, line, "email", "", "Without an e-mail address this member of staff cannot sign in.")
