"""The compose file run for real: one project of its own, on free ports, with secrets of its own."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from deploy.broker import free_port

ROOT = Path(__file__).resolve().parents[2]
AUTHORITY = "/data/caddy/pki/authorities/local/root.crt"
START = 300
"""Seconds that the whole gets until all are healthy."""


def why_not() -> str:
    """Why the compose file cannot be run here; "" where it can."""
    if not os.environ.get("CROSSWALK_COMPOSE"):
        return "the compose file is run for real with CROSSWALK_COMPOSE=1 (make test-compose)"
    if shutil.which("docker") is None:
        return "there is no docker command"
    for words, command in (("no Docker engine answers", "version"), ("docker has no compose", "compose version")):
        if subprocess.run(["docker", *command.split()], capture_output=True, check=False).returncode:
            return words
    return ""


class ComposedSystem:
    """One run of docker-compose.yml."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.project = folder, f"crosswalk-test-{os.getpid()}"
        https, http, mail = free_port(), free_port(), free_port()
        self.url, self.mail = f"https://localhost:{https}", f"http://127.0.0.1:{mail}"
        self.authority = folder / "root.crt"
        self.environment = {
            **os.environ,
            "CROSSWALK_SECRETS": str(folder / "secrets"),
            "CROSSWALK_HTTPS_PORT": str(https),
            "CROSSWALK_HTTP_PORT": str(http),
            "CROSSWALK_MAIL_PORT": str(mail),
            "CROSSWALK_PUBLIC_URL": self.url,
            "SSL_CERT_FILE": str(self.authority),
        }

    def start(self) -> None:
        """Secrets, image, everything up and healthy, and the gateway's authority known."""
        subprocess.run(["sh", str(ROOT / "deploy/compose/secrets.sh"), str(self.folder / "secrets")], check=True)
        self.compose("up", "--detach", "--wait", "--wait-timeout", str(START))
        self.compose("cp", f"gateway:{AUTHORITY}", str(self.authority))

    def compose(self, *arguments: str) -> str:
        """What `docker compose` says; raises with its words where it fails."""
        return self._docker("compose", "--project-name", self.project, "--project-directory", str(ROOT), *arguments)

    def operator(self, *arguments: str) -> str:
        """What the operator's command line says."""
        return self.compose("run", "--rm", "--no-deps", "-T", "crosswalk", *arguments)

    def running(self) -> list[str]:
        """Names of the services whose containers run on."""
        lines = self.compose("ps", "--format", "json").splitlines()
        return sorted(one["Service"] for one in map(json.loads, lines) if one["State"] == "running")

    def kill(self, service: str) -> None:
        """End a service's container at once."""
        self.compose("kill", "--signal", "SIGKILL", service)

    def revive(self, service: str) -> None:
        """Start it again, and wait until it is healthy; where it does not become so, what it logged is in the error."""
        wait = ("--wait", "--wait-timeout", str(START))
        try:
            self.compose("up", "--detach", "--no-deps", "--no-recreate", *wait, service)
        except AssertionError as error:
            error.add_note(self.compose("logs", "--timestamps", "--tail", "40", service))
            raise

    def state(self, service: str) -> Any:
        """What the engine says of a service's container."""
        (id,) = self.compose("ps", "--all", "--quiet", service).split()
        return json.loads(self._docker("inspect", id))[0]["State"]

    def image_bytes(self) -> int:
        """Size of our image as it is pulled: its layers, compressed."""
        image = json.loads(self.compose("config", "--format", "json"))["services"]["migrate"]["image"]
        counted = subprocess.run(f"docker save {image} | gzip -1 | wc -c", shell=True, capture_output=True, check=True)
        return int(counted.stdout)

    def end(self) -> None:
        """Everything away, data included."""
        self.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "20")

    def _docker(self, *arguments: str) -> str:
        done = subprocess.run(
            ["docker", *arguments], capture_output=True, text=True, check=False, env=self.environment, cwd=ROOT
        )
        if done.returncode:
            raise AssertionError(f"docker {' '.join(arguments)}: {done.stdout[-2000:]}{done.stderr[-4000:]}")
        return done.stdout
