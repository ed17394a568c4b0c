"""The runbook: each alert has its page and each page its alert, and a page names nothing that there is not."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from deploy.cli import app

ROOT = Path(__file__).parents[2]
RUNBOOK = ROOT / "docs" / "runbook"
PAGES = sorted(path for path in RUNBOOK.glob("*.md") if path.name != "README.md")
ALERTS = ROOT / "deploy" / "observe" / "alerts.yml"


def alerts() -> dict[str, str]:
    """The page of each alert, by its name."""
    said = ALERTS.read_text()
    names = re.findall(r"^\s*- alert: (\w+)$", said, re.MULTILINE)
    pages = re.findall(r"^\s*runbook: (\S+)$", said, re.MULTILINE)
    assert len(names) == len(pages)
    return dict(zip(names, pages, strict=True))


def test_each_alert_has_its_page_and_each_page_its_alert() -> None:
    assert sorted(alerts().values()) == [f"docs/runbook/{path.name}" for path in PAGES]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_says_what_it_means_what_to_look_at_and_what_to_do(path: Path) -> None:
    said, names = path.read_text(), {page: name for name, page in alerts().items()}

    assert said.startswith(f"# {names[f'docs/runbook/{path.name}']}: ")
    assert re.findall(r"^\*\*(.+?)\*\*", said, re.MULTILINE) == ["What it means.", "Look at.", "Do."]
    assert re.search(r"`crosswalk [a-z]", said)


def test_the_index_leads_to_every_page() -> None:
    linked = re.findall(r"\| \[(\w+)\]\(([a-z-]+\.md)\)", (RUNBOOK / "README.md").read_text())

    assert {name: f"docs/runbook/{page}" for name, page in linked} == alerts()


def commands() -> list[tuple[str, str]]:
    """Each `crosswalk ...` that a page, an alert or an invariant names, with where."""
    places = [*RUNBOOK.glob("*.md"), ALERTS, *ROOT.glob("services/*/invariants.py"), *ROOT.glob("docs/decisions/*.md"),
              ROOT / "shared" / "messaging" / "invariants.py", ROOT / "README.md"]  # fmt: skip
    found = [(path, line) for path in places for line in re.findall(r"`crosswalk ([a-z][^`]*)`", path.read_text())]
    return [(path.name, line.split("|")[0]) for path, line in found]


@pytest.mark.parametrize(("where", "line"), commands())
def test_a_command_that_is_named_exists_with_its_options(where: str, line: str) -> None:
    command: Any = typer.main.get_command(app)
    words = line.split()

    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        name = words.pop(0)
        assert name in command.commands, f"{where}: there is no crosswalk {line}"
        command = command.commands[name]
    options = {option for one in command.params for option in one.opts}

    assert {word for word in words if word.startswith("--")} <= options


@pytest.mark.parametrize("path", [*PAGES, RUNBOOK / "README.md"], ids=lambda path: path.stem)
def test_a_setting_that_is_named_exists(path: Path) -> None:
    code = "".join(file.read_text() for file in [*ROOT.glob("services/*/settings.py"), ROOT / "shared" / "settings.py"])

    for name in re.findall(r"CROSSWALK_([A-Z_]+)", path.read_text()):
        assert re.search(rf"^    {name.lower()}: ", code, re.MULTILINE), f"there is no setting {name}"
