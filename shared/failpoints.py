"""Named places in the code where a test makes this process die, freeze or fail; nothing happens unless asked for.

`CROSSWALK_FAILPOINTS="relay.sent=kill@3,consume.effect=fail@1"`: at its third passage through `relay.sent` the process
kills itself (-9), at its first through `consume.effect` an exception is raised. `freeze` stops it (SIGSTOP) until
somebody lets it go on.
"""

import os
import signal
from dataclasses import dataclass

VARIABLE = "CROSSWALK_FAILPOINTS"

POINTS = {
    "commit.before": "a transaction has done its work and is not committed",
    "commit.after": "a transaction is committed and nobody knows it yet",
    "outbox.written": "facts stand in the outbox of an open transaction",
    "relay.cluster": "a new cluster was met, and what was published is marked to be published again",
    "relay.read": "facts were read from the outbox",
    "relay.sending": "facts are on their way to the broker",
    "relay.sent": "the broker has them, the outbox does not know it",
    "relay.marked": "the outbox knows it",
    "consume.received": "records came from the broker",
    "consume.inbox": "events stand in the inbox of an open transaction",
    "consume.effect": "handlers have done their work in an open transaction",
    "consume.committed": "the effects are committed, the broker does not know it",
    "consume.offsets": "the broker knows it",
    "park.written": "an event is set aside in an open transaction",
    "replay.effect": "a parked event took effect in an open transaction",
    "replay.settled": "it is settled in the same transaction",
    "send.claimed": "a message to the outside is claimed",
    "send.handed_over": "the mail server has it, the record does not know it",
    "send.recorded": "the record knows it",
}
"""Each point, and what is true there."""


class Failpoint(Exception):
    """The failure that was asked for."""


@dataclass(slots=True)
class _Order:
    action: str
    at: int
    passed: int = 0


_armed: dict[str, _Order] = {}


def arm(orders: str) -> None:
    """Replace what is asked for. Raises `ValueError` for a point or an action that there is not."""
    made = {}
    for order in filter(None, orders.split(",")):
        point, _, what = order.partition("=")
        action, _, at = what.partition("@")
        if point not in POINTS or action not in ("kill", "freeze", "fail"):
            raise ValueError(f"{VARIABLE}: {order!r} is no point=kill|freeze|fail@count")
        made[point] = _Order(action, int(at or 1))
    _armed.clear()
    _armed.update(made)


def hit(point: str) -> None:
    """Pass a point."""
    if _armed and point in _armed:
        _pass(point, _armed[point])


def _pass(point: str, order: _Order) -> None:
    order.passed += 1
    if order.passed != order.at:
        return
    if order.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif order.action == "freeze":
        os.kill(os.getpid(), signal.SIGSTOP)
    else:
        raise Failpoint(point)


arm(os.environ.get(VARIABLE, ""))
