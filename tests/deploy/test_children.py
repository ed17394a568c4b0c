"""Processes of ours: they talk, they are started again when they die, and none outlives the runner."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.children import BACK_OFF, Child, keep_alive, last_words

ECHO = "import sys, json\nfor line in sys.stdin: print(json.dumps({'heard': line.strip()}), flush=True)"


def a_child(tmp_path: Path, code: str, *, talks: bool = False) -> Child:
    return Child(name="child", argv=lambda: [sys.executable, "-c", code], log=tmp_path / "child.log", talks=talks)


async def test_orders_go_in_and_answers_come_out(tmp_path: Path) -> None:
    child = a_child(tmp_path, ECHO, talks=True)
    await child.start()

    child.tell("go")
    answer = await child.hear(("heard",), 10)

    assert answer == {"heard": "go"}
    await child.stop(5)


async def test_waiting_for_an_answer_ends_when_the_process_does(tmp_path: Path) -> None:
    child = a_child(tmp_path, "import sys; sys.exit('no reason at all')", talks=True)
    await child.start()

    assert await child.hear(("heard",), 10) is None
    assert last_words(child.log) == "no reason at all"


async def test_a_process_that_dies_is_started_again_and_said(tmp_path: Path) -> None:
    child = a_child(tmp_path, "import time; time.sleep(60)")
    await child.start()
    said: list[str] = []
    stopping, again = asyncio.Event(), asyncio.Event()

    async def revive() -> None:
        await child.start()
        again.set()

    keeping = asyncio.create_task(keep_alive(child, revive, said.append, stopping))
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    await asyncio.wait_for(again.wait(), 10)

    assert said == [f"child ended (killed by SIGKILL); starting it again in {BACK_OFF[0]:g} s. Its log: {child.log}"]
    stopping.set()
    await child.stop(5)
    await keeping


async def test_a_process_that_does_not_end_is_killed_in_the_end(tmp_path: Path) -> None:
    code = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('{\"up\": 1}', flush=True)\n"
    child = a_child(tmp_path, code + "time.sleep(60)", talks=True)
    await child.start()
    await child.hear(("up",), 10)

    assert await child.stop(0.1) is False
    assert child.pid is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent was killed")
def test_children_of_a_killed_runner_end(tmp_path: Path) -> None:
    code = f"""
import asyncio, os, signal, json, sys
from pathlib import Path
from deploy.children import Child
async def main():
    child = Child("sleep", lambda: ["sleep", "60"], Path({str(tmp_path / "log")!r}))
    await child.start()
    print(json.dumps(child.pid), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    pid = int(json.loads(ran.stdout))

    for _ in range(200):
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        os.sched_yield()
        signal.sigtimedwait([], 0.02)
    pytest.fail("the child is still there")
