"""What happens to one thing is taken into account in that order, however many relays and consumers there are."""

from tests.faults.conftest import Form
from tests.faults.rig import Rig


async def test_four_replicas_late_commits_and_failures_invert_nothing(rig: Rig, form: Form) -> None:
    events, things = form.of(1_000, 50_000), form.of(20, 500)
    await rig.start(webs=2, workers=4)

    # One request of five events in two has one that fails: one event in ten.
    await rig.load(events, things=things, lanes=8, failing=0.5)
    verdict = await rig.verdict(seconds=form.of(90, 600))

    print(verdict, f"{len(rig.failures())} failed at first")
    assert verdict.clean, str(verdict)
    assert verdict.effects == events
    assert len(rig.failures()) > events * 0.08
