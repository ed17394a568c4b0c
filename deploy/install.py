"""Set up `.venv` from a lock file: `python3 deploy/install.py [dev]`. Called by make.

Runs on any Python 3, to say when this one is too old. Nothing is done twice: a stamp holds what was installed.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST = (3, 11)


def main() -> None:
    """Make the environment and install the lock file that was asked for, unless that was done already."""
    name = "requirements-dev.lock" if sys.argv[1:] == ["dev"] else "requirements.lock"
    lock, stamp = ROOT / name, VENV / f".{name}.installed"
    wanted = _digest(lock, ROOT / "pyproject.toml")
    if _read(stamp) == wanted and _program("crosswalk").exists():
        return
    _be_new_enough()
    _make_venv()
    _install(lock)
    stamp.write_text(wanted)


def _be_new_enough() -> None:
    """Go on with a newer Python when this one is too old and there is one."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(20, OLDEST[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            sys.exit(subprocess.call([newer, __file__, *sys.argv[1:]]))
    _refuse(
        f"Crosswalk needs Python 3.11 or newer; this is {sys.version.split()[0]}. "
        "Install a newer one, or name it: make PYTHON=/path/to/python3.12 up"
    )


def _make_venv() -> None:
    if _works(_program("python"), "-m", "pip", "--version"):
        return
    done = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if done.returncode == 0:
        return
    if "ensurepip" in done.stdout or "No module named venv" in done.stdout:
        _refuse(
            "This Python cannot make virtual environments. Install that part of it "
            "(Debian, Ubuntu: apt install python3-venv), then run make again."
        )
    _refuse(f"The virtual environment {VENV} could not be made: {done.stdout.strip()[-300:]}")


def _install(lock: Path) -> None:
    count = len(re.findall(r"^[a-zA-Z0-9].*==", lock.read_text(), re.MULTILINE))
    print("Installing what Crosswalk needs (once; it takes about a minute)", flush=True)
    _pip(["--require-hashes", "-r", str(lock)], count)
    _pip(["--no-deps", "--no-build-isolation", "--editable", str(ROOT)], 0)


def _pip(arguments: "list[str]", count: int) -> None:
    """Run pip, showing how far it is; what it says is shown when it fails."""
    command = [str(_program("python")), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    process = subprocess.Popen(
        command + arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True
    )
    said = []
    for line in process.stdout or ():
        said.append(line)
        if count:
            _show(said, count)
    if count and sys.stdout.isatty():
        print()
    if process.wait():
        sys.stderr.write("".join(said[-25:]))
        _refuse("The packages could not be installed (see above). Check the network and the disk, then run make again.")


def _show(said: "list[str]", count: int) -> None:
    if not sys.stdout.isatty():
        return
    found = sum(line.startswith(("Collecting", "Requirement already")) for line in said)
    words = "installing" if said[-1].startswith("Installing collected") else f"{found} of {count} packages"
    print(f"\r  {words:<40}", end="", flush=True)


def _works(*command: "str | Path") -> bool:
    try:
        return subprocess.run([str(part) for part in command], stdout=subprocess.DEVNULL, check=False).returncode == 0
    except OSError:
        return False


def _program(name: str) -> Path:
    return VENV / "bin" / name


def _digest(*paths: Path) -> str:
    parts = [sys.version.split()[0].encode(), os.fsencode(str(ROOT))] + [path.read_bytes() for path in paths]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _refuse(sentence: str) -> None:
    sys.exit(sentence)


if __name__ == "__main__":
    main()
