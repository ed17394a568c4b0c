"""Server time of pages with a whole city's roster loaded, against a bare route of the same application."""

import asyncio
from collections.abc import Callable

from bench.figures import Figure, p50, p99, spread
from bench.loaded import Caller, Loaded, at_rest

REFERRALS, ROUNDS, WARM = 120, 200, 20
MILLISECONDS = 50.0
BEGINNINGS = ("ana", "bao", "car", "die", "eli", "fat", "gar", "hua", "jos", "lop", "mar", "ngu", "rod", "sil", "tra")

Ask = Callable[[int], float]


async def run(loaded: Loaded) -> list[Figure]:
    """Each page many times, one after another in turn, always about other things."""
    await asyncio.to_thread(_refer, loaded)
    await at_rest(loaded.running)
    return await asyncio.to_thread(_measure, loaded)


def _refer(loaded: Loaded) -> None:
    staff = loaded.caller(loaded.staff)
    while len(loaded.referrals) < REFERRALS:
        body, _ = loaded.next_referral()
        staff.post("/referrals/api/v1/referrals", body)


def _measure(loaded: Loaded) -> list[Figure]:
    asked = _pages(loaded)
    times: dict[str, list[float]] = {name: [] for name in asked}
    for turn in range(WARM + ROUNDS):
        for name, ask in asked.items():
            taken = ask(turn)
            if turn >= WARM:
                times[name].append(taken)
    for name, values in times.items():
        print(spread(f"pages {name}", values), "ms", flush=True)
    floor = times.pop("bare route")
    single = [Figure(f"pages {name}", p99(taken), "ms", p99(floor), MILLISECONDS) for name, taken in times.items()]
    every = [taken for values in times.values() for taken in values]
    return [
        Figure("pages p50", p50(every), "ms", p50(floor), MILLISECONDS),
        Figure("pages p99", max(figure.value for figure in single), "ms", p99(floor), MILLISECONDS),
        *single,
    ]


def _pages(loaded: Loaded) -> dict[str, Ask]:
    staff, partner = loaded.caller(loaded.staff), loaded.caller(loaded.partner)
    guardian, district = loaded.caller(loaded.guardian), loaded.caller(loaded.district)
    students, referrals = loaded.students, loaded.referrals
    return {
        "bare route": lambda turn: staff.page("/livez"),
        "today": lambda turn: staff.page("/referrals/today"),
        "student search": lambda turn: staff.page(f"/referrals/students?q={BEGINNINGS[turn % len(BEGINNINGS)]}"),
        "refer": lambda turn: _refer_step(loaded, staff, turn),
        "referral": lambda turn: staff.page(f"/referrals/{referrals[turn % len(referrals)]}"),
        "partner inbox": lambda turn: partner.page("/referrals/inbox"),
        "family": lambda turn: guardian.page("/referrals/family"),
        "audit": lambda turn: district.page(f"/audit?page={turn % 500 + 1}"),
        "audit search": lambda turn: district.page(f"/audit?person={students[turn % len(students)]}"),
    }


def _refer_step(loaded: Loaded, staff: Caller, turn: int) -> float:
    """The step that compares all programs with a student's need."""
    student = loaded.students[turn % len(loaded.students)]
    need = loaded.programs[turn % len(loaded.programs)][1]
    form = {"student_id": student, "need": need, "consent": "ask", "step": "consent", "go": "next"}
    return staff.page("/referrals/new", form)
