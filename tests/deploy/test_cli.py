"""The command line: help with an example everywhere; what stands in the way is one sentence and exit code 1."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.broker import free_port
from deploy.cli import app, in_words
from deploy.folder import DataFolder
from deploy.listening import listen
from services.agreements.mappings import mapping_named
from shared.refusals import Refusal

COMMAND = Path(sys.executable).with_name("crosswalk")


def crosswalk(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(COMMAND), *map(str, arguments)], capture_output=True, text=True, check=False, env={"HOME": "/nonexistent"}
    )


@pytest.mark.parametrize(
    "command",
    [
        "up",
        "demo",
        "roster import",
        "programs import",
        "programs export",
        "mail take",
        "audit verify",
        "doctor",
        "serve",
        "reset",
        "parked list",
        "parked show",
        "parked replay",
        "parked discard",
        "acls",
        "refill",
    ],
)
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    shown = CliRunner().invoke(app, [*command.split(), "--help"])

    assert shown.exit_code == 0
    assert f"crosswalk {command}" in " ".join(shown.output.split("Example:")[1].split())


@pytest.mark.parametrize("group", ["roster", "programs", "audit", "mail", "parked"])
def test_every_group_of_commands_shows_an_example(group: str) -> None:
    shown = CliRunner().invoke(app, [group, "--help"])

    assert f"Example: crosswalk {group} " in " ".join(shown.output.split())


@pytest.mark.parametrize(
    "arguments", [["no-such-command"], ["serve", "nobody", "web"], ["up", "--port", "0"], ["roster", "import"]]
)
def test_wrong_use_ends_with_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2


def assert_refused(done: subprocess.CompletedProcess[str], words: str) -> None:
    assert done.returncode == 1, done.stdout + done.stderr
    assert words in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


def test_a_busy_port_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]

        done = crosswalk("up", "--port", port, "--data", tmp_path / "data")

    assert_refused(done, f"Port {port} is in use")
    assert not (tmp_path / "data").exists()


def test_a_folder_that_is_in_use_is_refused(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.prepare()
    with folder.locked("up"):
        up, reset = crosswalk("up", "--data", tmp_path), crosswalk("reset", "--data", tmp_path)

    assert_refused(up, "already uses")
    assert_refused(reset, "already uses")


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    assert_refused(crosswalk("up", "--data", tmp_path / "file"), "is no folder")


def test_a_folder_that_cannot_be_made_is_not_to_be_made_writable() -> None:
    done = crosswalk("up", "--port", free_port(), "--data", "/proc/nowhere")

    assert_refused(done, "/proc/nowhere cannot be used")
    assert "chmod" not in done.stderr


def test_a_mapping_that_is_not_there_is_said_once() -> None:
    with pytest.raises(Refusal) as refused:
        mapping_named("nope")

    assert in_words(refused.value) == str(refused.value)
    assert str(refused.value).count("Choose") == 1


def test_reset_takes_away_what_is_ours_and_nothing_else(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.prepare()
    folder.note(demo="wanted")
    (folder.mail / "1.eml").write_text("a mail")
    (tmp_path / "my own list.csv").write_text("kept")

    done = crosswalk("reset", "--data", tmp_path)

    assert done.returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["my own list.csv"]


def test_reset_of_nothing_is_no_trouble(tmp_path: Path) -> None:
    done = crosswalk("reset", "--data", tmp_path / "data")

    assert done.returncode == 0
    assert "nothing of Crosswalk" in done.stdout


@pytest.mark.parametrize(
    "command",
    [["roster", "import", "x.zip"], ["programs", "import", "x.csv", "--mapping", "crosswalk"], ["audit", "verify"]],
)
def test_commands_that_need_the_database_say_how_to_get_one(tmp_path: Path, command: list[str]) -> None:
    assert_refused(crosswalk(*command, "--data", tmp_path), "Run crosswalk up first")


def test_the_demo_needs_a_running_system(tmp_path: Path) -> None:
    assert_refused(crosswalk("demo", "--data", tmp_path), "Start it in another window: crosswalk up")


def test_the_doctor_finds_nothing_wrong_with_a_fresh_folder(tmp_path: Path) -> None:
    done = crosswalk("doctor", "--data", tmp_path / "data")

    assert done.returncode == 0, done.stdout
    assert "All is well." in done.stdout


def test_the_doctor_says_what_to_do_about_keys_that_others_can_read(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.prepare()
    (folder.keys / "session.pem").write_text("a key")
    (folder.keys / "session.pem").chmod(0o644)

    done = crosswalk("doctor", "--data", tmp_path)

    assert done.returncode == 1
    assert "chmod 600" in " ".join(done.stdout.split())


def test_a_wrong_setting_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.run(
        [str(COMMAND), "serve", "audit", "web"], capture_output=True, text=True, check=False,
        env={"CROSSWALK_TIME_ZONE": "Nowhere/Land", "CROSSWALK_DATA_DIR": str(tmp_path)},
    )  # fmt: skip

    assert_refused(done, "CROSSWALK_TIME_ZONE")
