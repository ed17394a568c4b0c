"""Messages in words: what a kind, its parameters and a language come to, in the app and as e-mail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.notifications.rules import Audience, Kind
from services.notifications.texts import OUTCOMES, REASONS, TEXTS, UNKNOWN, URGENT
from shared.events.agreements import MeetingChanged
from shared.events.vocabulary import DeclineReason, Outcome, Urgency
from shared.translations import SOURCE, direction, gettext, is_approved, mark, speaking, spoken
from shared.web import words as times

ISOLATE, END_ISOLATE = "\u2068", "\u2069"
"""Around foreign names in a right-to-left text, so that neither turns the other around (Unicode TR 9)."""

COMMAS = {"ar": "، ", "zh-Hans": "、", "zh-Hant": "、"}


@dataclass(frozen=True, slots=True)
class Known:
    """Names by id, as far as they are known."""

    students: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """First and last name."""
    programs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Name and partner organization."""
    schools: Mapping[str, str] = field(default_factory=dict)
    organizations: Mapping[str, str] = field(default_factory=dict)
    meetings: Mapping[str, MeetingChanged] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """A message in the app, in one language."""

    title: str
    words: str
    button: str


def note(kind: Kind, params: Mapping[str, str], known: Known, zone: ZoneInfo) -> Note:
    """A message as the app shows it, in the language spoken."""
    text = TEXTS[kind]
    words = gettext(text.words) % values(params, known, zone)
    return Note(gettext(text.title), words + _urgency(kind, params), gettext(text.button))


def _urgency(kind: Kind, params: Mapping[str, str]) -> str:
    urgent = kind is Kind.PARTNER_NEW and params.get("urgency") == Urgency.URGENT
    return f" {gettext(URGENT)}" if urgent else ""


def values(params: Mapping[str, str], known: Known, zone: ZoneInfo) -> dict[str, str]:
    """What the placeholders stand for, in the language spoken."""
    first, last = known.students.get(params.get("student_id", ""), ("", ""))
    program, partner = known.programs.get(params.get("program_id", ""), ("", ""))
    meeting = known.meetings.get(params.get("meeting_id", ""))
    names = {
        "meeting": meeting.title if meeting else "",
        "where": (meeting.place or meeting.link) if meeting else "",
        "child": first,
        "student": f"{first} {last}".strip(),
        "program": program,
        "partner": partner or known.organizations.get(params.get("organization_id", ""), ""),
        "school": known.schools.get(params.get("school_id", ""), ""),
        "next": known.programs.get(params.get("next_program_id", ""), ("", ""))[0],
    }
    isolated = {name: _isolate(value) if value else _unknown(name) for name, value in names.items()}
    return isolated | {"programs": _programs(params, known)} | _codes(params) | _moments(params, zone)


def _programs(params: Mapping[str, str], known: Known) -> str:
    ids = [id for id in params.get("program_ids", "").split() if id in known.programs]
    names = [_isolate(known.programs[id][0]) for id in ids] or [_unknown("program")]
    return COMMAS.get(spoken(), ", ").join(names)


def _unknown(name: str) -> str:
    return gettext(UNKNOWN[name])


def _isolate(value: str) -> str:
    return f"{ISOLATE}{value}{END_ISOLATE}" if direction(spoken()) == "rtl" else value


def _codes(params: Mapping[str, str]) -> dict[str, str]:
    reason = DeclineReason(params.get("reason", DeclineReason.OTHER))
    outcome = Outcome(params.get("outcome", Outcome.OTHER))
    return {"reason": gettext(REASONS[reason]), "outcome": gettext(OUTCOMES[outcome])}


def _moments(params: Mapping[str, str], zone: ZoneInfo) -> dict[str, str]:
    if "on" in params:
        return {"day": times.on_date(date.fromisoformat(params["on"]), spoken()), "by": ""}
    if not (said := params.get("answer_by") or params.get("at")):
        return {"day": "", "by": ""}
    moment = datetime.fromisoformat(said)
    day = times.on_date(moment.astimezone(zone).date(), spoken())
    return {"day": day, "by": times.exact(moment, zone, spoken())}


# As e-mail

GREETING = mark("Hello %(name)s,")
GREETING_NOBODY = mark("Hello,")
COPY = mark("If the button does not work, copy this address into your browser:")
PERSONAL = mark("This link is for you only and works until %(day)s. Please do not pass it on.")
SENDER = mark("%(district)s sends this e-mail with Crosswalk.")
REACH = mark("Choose your language and how we reach you")
UNCHECKED = mark("No native speaker has checked this translation yet. Here is the same in English:")


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an e-mail needs beside the words."""

    name: str
    """First name of the recipient; may be empty."""
    link: str
    link_until: datetime | None
    """When a personal link ends; None where one signs in."""
    reach_link: str | None
    """Page of the preferences, for families."""
    district: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail in one language, and below it the same in English where the translation is not approved."""

    language: str
    direction: str
    subject: str
    greeting: str
    title: str
    words: str
    button: str
    link: str
    copy: str
    personal: str
    sender: str
    reach: str
    reach_link: str | None
    unchecked: str = ""
    english: "Letter | None" = None


def letter(kind: Kind, params: Mapping[str, str], known: Known, language: str, envelope: Envelope) -> Letter:
    """The e-mail of a message in one of our languages."""
    text = TEXTS[kind]
    english = None
    if not is_approved(language, (text.title, text.mail, text.button)):
        english = letter(kind, params, known, SOURCE, envelope)
    with speaking(language):
        return Letter(
            language=language,
            direction=direction(language),
            subject=gettext(text.subject),
            greeting=_greeting(envelope.name),
            title=gettext(text.title),
            words=gettext(text.mail) % values(params, known, envelope.zone) + _urgency(kind, params),
            button=gettext(text.button),
            link=envelope.link,
            copy=gettext(COPY),
            personal=_personal(envelope),
            sender=gettext(SENDER) % {"district": _isolate(envelope.district)},
            reach=gettext(REACH),
            reach_link=envelope.reach_link if kind.audience is Audience.FAMILY else None,
            unchecked=gettext(UNCHECKED) if english else "",
            english=english,
        )


def _greeting(name: str) -> str:
    return gettext(GREETING) % {"name": _isolate(name)} if name else gettext(GREETING_NOBODY)


def _personal(envelope: Envelope) -> str:
    if envelope.link_until is None:
        return ""
    day = times.on_date(envelope.link_until.astimezone(envelope.zone).date(), spoken())
    return gettext(PERSONAL) % {"day": day}


def as_text(letter: Letter) -> str:
    """The plain text of an e-mail."""
    parts = [letter.greeting, letter.title, letter.words, f"{letter.button}:\n{letter.link}", letter.personal]
    if letter.english is not None:
        parts += [f"---\n{letter.unchecked}", letter.english.title, letter.english.words]
    parts.append(f"--\n{letter.sender}")
    if letter.reach_link:
        parts.append(f"{letter.reach}:\n{letter.reach_link}")
    return "\n\n".join(part for part in parts if part) + "\n"


def as_html(letter: Letter) -> str:
    """The HTML of an e-mail: one column, large type, one button, nothing loaded from anywhere."""
    return _environment().get_template("mail/letter.html").render(letter=letter)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
