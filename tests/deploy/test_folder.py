"""The data folder: one user at a time, and one clear sentence for whatever is wrong with it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.folder import DataFolder
from deploy.trouble import Trouble


@contextmanager
def as_an_ordinary_user() -> Iterator[None]:
    """Root may write anywhere; so give that up for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    made = DataFolder(tmp_path / "data")
    made.prepare()
    return made


def a_sleeper(seconds: float, lock: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", str(seconds)], pass_fds=(lock,))


def test_the_folder_and_its_parts_are_made(tmp_path: Path) -> None:
    DataFolder(tmp_path / "some" / "data").prepare()

    assert {path.name for path in (tmp_path / "some" / "data").iterdir()} == {"keys", "mail", "logs"}


def test_keys_and_mail_are_for_nobody_else(folder: DataFolder) -> None:
    assert folder.keys.stat().st_mode & 0o077 == 0
    assert folder.mail.stat().st_mode & 0o077 == 0


def test_a_read_only_folder_is_refused_with_what_to_do(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)

    with pytest.raises(Trouble, match=r"cannot be written to .*--data") as caught, as_an_ordinary_user():
        DataFolder(tmp_path / "data").prepare()

    assert "\n" not in str(caught.value)


def test_a_file_in_place_of_the_folder_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")

    with pytest.raises(Trouble, match="is no folder"):
        DataFolder(tmp_path / "data").prepare()


def test_two_commands_do_not_use_one_folder(folder: DataFolder) -> None:
    with folder.locked("up"), pytest.raises(Trouble, match=rf"“crosswalk up” \(process {os.getpid()}\) already uses"):  # noqa: SIM117
        with DataFolder(folder.root).locked("roster import"):
            pass


def test_a_lock_of_a_killed_run_holds_nobody_up(folder: DataFolder) -> None:
    code = f"""
import os, signal
from pathlib import Path
from deploy.folder import DataFolder
with DataFolder(Path({str(folder.root)!r})).locked("up"):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code], check=False)

    assert folder.holder() is None
    with folder.locked("up"):
        assert folder.holder() == {"pid": os.getpid(), "purpose": "up"}


def test_what_is_noted_is_read_again(folder: DataFolder) -> None:
    folder.note(url="http://127.0.0.1:8000", pid=1)
    folder.note(pid=None)

    assert DataFolder(folder.root).state() == {"url": "http://127.0.0.1:8000"}
    assert folder.state_file.stat().st_mode & 0o077 == 0


def test_half_written_notes_count_as_none(folder: DataFolder) -> None:
    folder.state_file.write_text('{"url": "http')

    assert folder.state() == {}


async def test_the_next_run_waits_until_the_processes_of_the_last_one_are_gone(folder: DataFolder) -> None:
    with folder.children_lock() as lock:
        child = a_sleeper(0.4, lock)

    await folder.wait_for_children()

    assert child.poll() is not None or child.wait(1) == 0
    with folder.children_lock():
        pass


async def test_processes_that_stay_are_named(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.folder.WAIT_FOR_CHILDREN", 0.2)
    with folder.children_lock() as lock:
        child = a_sleeper(60, lock)
    folder.note(pids={"tansu": child.pid})

    await folder.wait_for_children()

    with pytest.raises(Trouble, match=rf"tansu {child.pid}.*End them with kill"), folder.children_lock():
        pass
    child.kill()
    await asyncio.to_thread(child.wait)
