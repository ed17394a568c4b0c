"""How large a deployment must be: a model on paper from measured figures. `python -m bench.size` writes its table.

What is assumed of schools stands in `Life`, what was measured in `Measured` (docs/benchmarks.md says how), what things
cost in `Prices`. Change what is otherwise with you and run it again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from pathlib import Path

DOCUMENT = Path(__file__).parents[1] / "docs" / "size.md"
BEGIN, END = "<!-- python -m bench.size: begin -->", "<!-- end -->"
DAY, HOUR, GB = 86_400, 3600, 1e9


@dataclass(frozen=True)
class Life:
    """What is assumed, per student unless said otherwise."""

    guardians: float = 1.2
    """As in the roster of Boston: 22,420 students, nearly 27,000 guardians, 1,259 staff."""
    staff: float = 0.056
    school_days: int = 180
    referrals: float = 0.10
    """In a year: one student in ten."""
    facts_a_referral: int = 10
    """From submitted to completed, with reminders."""
    messages_a_referral: int = 6
    facts_a_message: int = 3
    """Written, sent, read."""
    changed: float = 0.005
    """Share of all persons of whom something changes on a day."""
    new_year: float = 0.8
    """Share of all persons of whom something changes in the night in which the new school year comes."""
    night: float = 8
    """Hours that this night has."""
    staff_sessions: float = 0.3
    """A day, for one of the staff; two facts each."""
    guardian_sessions: float = 0.01
    staff_pages: float = 12
    """A school day, for one of the staff, averaged over all of them."""
    guardian_pages: float = 0.05
    busiest_hour: float = 0.2
    """Share of the day's work in its busiest hour."""
    burst: float = 3
    """How much more than that hour's average its busiest second has."""
    heard_by: float = 3
    """Services that hear an event, the log among them."""
    years: int = 5
    """How long everything is kept."""


@dataclass(frozen=True)
class Measured:
    """One process on one core of a small machine, its database on the other."""

    relay: float = 15_390
    """Events a second from the outbox of one service to Kafka: one relay works at a time."""
    consumer: float = 5_262
    """Effects a second of one worker, each of one row."""
    rows: float = 3
    """How much more a real effect does."""
    log: float = 1_017
    """Entries a second of the log, whose order is total: more workers do not make it faster. On a busy machine."""
    page: float = 0.027
    """Seconds of a core for a page: the highest median."""
    mails: float = 80
    """A second, of one worker: eight connections, a tenth of a second each."""
    event: float = 1_000
    """Bytes of an event in Kafka, with its headers."""
    outbox: float = 1_300
    """Bytes of a row with its indexes; so the next three."""
    entry: float = 1_700
    inbox: float = 100
    person: float = 3_000
    """In all services together."""
    comfortable: float = 4_000
    """Gigabytes of one database that can still be backed up and restored in a night."""


@dataclass(frozen=True)
class Prices:
    """Dollars a month, about what clouds ask for."""

    core: float = 25
    memory_gb: float = 3.5
    disk_gb: float = 0.10
    thousand_mails: float = 0.10


@dataclass(frozen=True)
class Place:
    """One deployment for so many students."""

    name: str
    students: int
    life: Life = Life()
    measured: Measured = Measured()
    prices: Prices = Prices()

    @property
    def persons(self) -> float:
        """Students, guardians, staff."""
        return self.students * (1 + self.life.guardians + self.life.staff)

    @property
    def referrals(self) -> float:
        """On a school day."""
        return self.students * self.life.referrals / self.life.school_days

    @property
    def mails(self) -> float:
        """On a school day."""
        return self.referrals * self.life.messages_a_referral

    @property
    def events(self) -> float:
        """On a school day."""
        life = self.life
        sessions = self.students * (life.staff * life.staff_sessions + life.guardians * life.guardian_sessions)
        said = self.referrals * life.facts_a_referral + self.mails * life.facts_a_message
        return said + self.persons * life.changed + 2 * sessions

    @property
    def events_a_year(self) -> float:
        """School days, and the night of the new year; other days hardly count."""
        return self.events * self.life.school_days + self.new_year

    @property
    def new_year(self) -> float:
        """Events of the night in which the new school year comes."""
        return self.persons * self.life.new_year

    @property
    def peak(self) -> float:
        """Events in the busiest second of a school day."""
        return self._peak(self.events)

    def _peak(self, a_day: float) -> float:
        return a_day * self.life.busiest_hour / HOUR * self.life.burst

    @property
    def pages(self) -> float:
        """In the busiest second."""
        life = self.life
        return self._peak(self.students * (life.staff * life.staff_pages + life.guardians * life.guardian_pages))

    @property
    def workers(self) -> int:
        """Of each service: for the busiest second and for the night of the new year; two at least, for one may fail."""
        most = max(self.peak, self.new_year / (self.life.night * HOUR))
        effects = self.measured.consumer / self.measured.rows
        return max(2, ceil(2 * most / effects), ceil(self._peak(self.mails) / self.measured.mails))

    @property
    def webs(self) -> int:
        """Of all services together, busy for 60 of 100 seconds at the most; two of each at least."""
        return max(10, ceil(self.pages * self.measured.page / 0.6))

    @property
    def partitions(self) -> int:
        """Of each topic: twice the workers, so that there is room to grow without moving keys."""
        return max(4, 1 << (2 * self.workers - 1).bit_length())

    @property
    def kafka_gb(self) -> float:
        """All three copies: a week of facts, and the newest state of everybody."""
        return 3 * self.measured.event * (7 * self.events + 2 * self.persons) / GB

    @property
    def log_gb(self) -> float:
        """The log after all the years."""
        return self.life.years * self.events_a_year * self.measured.entry / GB

    @property
    def database_gb(self) -> float:
        """All services after all the years, one copy."""
        known = self.persons * self.measured.person + 14 * self.events * self.measured.outbox
        heard = self.life.years * self.events_a_year * self.life.heard_by * self.measured.inbox
        return self.log_gb + (known + heard) / GB

    @property
    def cores(self) -> float:
        """Processes by what they do, a core for each 3,000 effects a second in PostgreSQL, copies, three brokers."""
        processes = 5 * self.workers * 0.2 + self.webs * 0.4
        database = 3 * max(1, self.peak * self.life.heard_by / 3000 + self.pages * self.measured.page / 3)
        return processes + database + 3 * max(0.5, self.peak / 10_000)

    @property
    def memory_gb(self) -> float:
        """A third of a gigabyte a process; a twentieth of the data in each of three databases, 64 GB at most."""
        databases = 3 * min(64, max(2, self.database_gb / 20))
        return (5 * self.workers + self.webs) / 3 + databases + 3 * 2

    @property
    def cost(self) -> float:
        """Dollars a month: machines, disks (three copies of the databases), mails of a month with 20 school days."""
        disks = 3 * self.database_gb + self.kafka_gb
        machines = self.cores * self.prices.core + self.memory_gb * self.prices.memory_gb + disks * self.prices.disk_gb
        return machines + 20 * self.mails / 1000 * self.prices.thousand_mails

    def filled(self) -> dict[str, float]:
        """How much of what cannot be had twice is used: 1 is all of it."""
        return {
            "the relay of people in the night of the new year": self.new_year
            / (self.measured.relay * self.life.night * HOUR),
            "the log in the night of the new year": self.new_year / (self.measured.log * self.life.night * HOUR),
            "the log in the busiest second": self.peak / self.measured.log,
            f"the disk of the log after {self.life.years} years": self.log_gb / self.measured.comfortable,
        }

    @property
    def bottleneck(self) -> str:
        """What fills up first, and how far."""
        what, share = max(self.filled().items(), key=lambda pair: pair[1])
        return f"{what}: {_percent(share)} used"


PLACES = (Place("district", 50_000), Place("state", 1_000_000), Place("country", 50_000_000))
ROWS: dict[str, Callable[[Place], str]] = {
    "students": lambda place: _number(place.students),
    "persons": lambda place: _number(place.persons),
    "events a school day": lambda place: _number(place.events),
    "events in the busiest second": lambda place: _number(place.peak),
    "events in the night of the new year": lambda place: _number(place.new_year),
    "mails a school day": lambda place: _number(place.mails),
    "pages in the busiest second": lambda place: _number(place.pages),
    "workers of each service": lambda place: _number(place.workers),
    "web processes, all services": lambda place: _number(place.webs),
    "partitions of each topic": lambda place: _number(place.partitions),
    "Kafka's disks, three copies": lambda place: f"{_number(place.kafka_gb)} GB",
    "databases after five years, one copy": lambda place: f"{_number(place.database_gb)} GB",
    "of that the log": lambda place: f"{_number(place.log_gb)} GB",
    "cores": lambda place: _number(place.cores),
    "memory": lambda place: f"{_number(place.memory_gb)} GB",
    "cost a month": lambda place: f"${_number(place.cost)}",
    "cost a student and year": lambda place: f"${12 * place.cost / place.students:.2f}",
    "what fills up first": lambda place: place.bottleneck,
}


def _number(value: float) -> str:
    """Two digits that count: the model knows no more."""
    if value < 10:
        return f"{value:.1f}".removesuffix(".0")
    digits = 10 ** max(0, len(str(int(value))) - 2)
    return f"{round(value / digits) * digits:,}"


def _percent(share: float) -> str:
    return "under 1%" if share < 0.01 else f"{_number(100 * share)}%"


def table(places: tuple[Place, ...] = PLACES) -> str:
    """The model as a table of Markdown."""
    lines = [["", *(place.name for place in places)], ["---"] * (len(places) + 1)]
    lines += [[what, *(say(place) for place in places)] for what, say in ROWS.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def written(document: str) -> str:
    """The document with the table of now."""
    before, _, rest = document.partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


def main() -> None:
    """Print the table and write it into the document."""
    DOCUMENT.write_text(written(DOCUMENT.read_text()))
    print(table())


if __name__ == "__main__":
    main()
