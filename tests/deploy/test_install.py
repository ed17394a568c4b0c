"""Setting up the virtual environment: what stands in the way is said in one sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

import deploy.install as install


def test_an_old_python_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "OLDEST", (99, 0))
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer; this is .* make PYTHON="):
        install._be_new_enough()


def test_a_python_without_venv_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text("#!/bin/sh\necho 'Error: Command ensurepip returned non-zero exit status 1.'; exit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(sys, "executable", str(python))

    with pytest.raises(SystemExit, match="apt install python3-venv"):
        install._make_venv()


def test_nothing_is_installed_twice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "crosswalk").touch()
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_text("")
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(sys, "argv", ["install.py"])
    digest = install._digest(tmp_path / "requirements.lock", tmp_path / "pyproject.toml")
    (tmp_path / ".venv" / ".requirements.lock.installed").write_text(digest)
    monkeypatch.setattr(subprocess, "run", pytest.fail)

    install.main()


def test_make_alone_says_what_there_is() -> None:
    shown = subprocess.run(["make"], cwd=install.ROOT, capture_output=True, text=True, check=True).stdout

    assert all(f"make {target}" in shown for target in ("up", "test", "lint", "bench", "demo", "reset"))


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_have_hashes_and_no_address_of_an_index(name: str) -> None:
    text = (install.ROOT / name).read_text()

    assert "--hash=sha256:" in text
    assert "index-url" not in text
    assert "://" not in text
