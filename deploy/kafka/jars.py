"""Kafka's program: pinned Maven artifacts, fetched once into the user's cache."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.trouble import Trouble

POM = Path(__file__).with_name("pom.xml")
OLDEST_JAVA = 17
PATIENCE = 900
"""Seconds that Maven gets."""


def version() -> str:
    """The pinned version of Kafka."""
    found = re.search(r"<artifactId>kafka_[\d.]+</artifactId>\s*<version>([\d.]+)</version>", POM.read_text())
    assert found is not None
    return found.group(1)


def folder() -> Path:
    """Where the artifacts of this pom are kept; another pom has another folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "crosswalk" / f"kafka-{version()}-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"


def missing() -> str | None:
    """What this machine lacks to run Kafka, in words; None where nothing is missing."""
    java = _java_version()
    if java is None or java < OLDEST_JAVA:
        return f"Java {OLDEST_JAVA} or newer (Debian, Ubuntu: apt install default-jre-headless)"
    if not folder().exists() and shutil.which("mvn") is None:
        return "Maven, to fetch Apache Kafka once (Debian, Ubuntu: apt install maven)"
    return None


def fetch() -> Path:
    """The folder of the artifacts, fetched if they are not there yet. Raises `Trouble`."""
    if (lacks := missing()) is not None:
        raise Trouble(f"Apache Kafka needs {lacks}.")
    jars = folder()
    jars.parent.mkdir(parents=True, exist_ok=True)
    with _alone(jars.parent / "lock"):
        if not jars.exists():
            _copy_dependencies(jars)
    return jars


def _java_version() -> int | None:
    try:
        said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    except OSError:
        return None
    found = re.search(r'version "(\d+)', said)
    return int(found.group(1)) if found else None


def _copy_dependencies(jars: Path) -> None:
    fresh = jars.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    done = subprocess.run(
        ["mvn", "-q", "-B", "-f", POM, "dependency:copy-dependencies",
         "-DincludeScope=runtime", f"-DoutputDirectory={fresh}"],
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    if done.returncode:
        errors = [line for line in done.stdout.splitlines() if "[ERROR]" in line]
        raise Trouble(f"Apache Kafka could not be fetched: {errors[0][:300] if errors else done.stderr[-300:]}")
    fresh.rename(jars)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
