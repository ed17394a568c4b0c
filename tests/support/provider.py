"""A certified OpenID Connect provider as a process, and somebody in between who may change what it answers."""

import hashlib
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey

__all__ = ["provider", "running_provider"]

HERE = Path(__file__).with_name("oidc_provider")
PATIENCE = 180
"""Seconds that npm gets."""
CLIENT_ID, CLIENT_SECRET = "crosswalk", "a secret: with %, & and +"
BACK = "http://127.0.0.1:8000/sign-in/provider/back"
FRONT_PAGE = "http://127.0.0.1:8000/"
VERIFIED = {"email_verified": True}
ACCOUNTS: dict[str, dict[str, Any]] = {
    "dana": {"email": "Dana@Example.org", "given_name": "Dana", "family_name": "Okafor", **VERIFIED},
    "dana-new": {"email": "dana@example.org", **VERIFIED},
    "lee": {"email": "lee@example.org", "name": "Lee Tran", "groups": ["teachers", "crosswalk-office"], **VERIFIED},
    "kim": {"email": "kim@example.org", "name": "Kim Park", "groups": "north-counselors", **VERIFIED},
    "unverified": {"email": "dana@example.org", "email_verified": False},
    "silent": {"email": "dana@example.org"},
    "stranger": {"email": "stranger@example.org", **VERIFIED},
    "nameless": {"groups": ["crosswalk-office"]},
}


class Between:
    """A proxy in front of the provider, under whose address it is known."""

    def __init__(self) -> None:
        self.target = 0
        self.change: dict[str, Callable[[Any], Any]] = {}
        """What to make of the JSON that a path answers."""
        self.broken: set[str] = set()
        """Paths that answer 503."""
        self.told: list[str] = []
        """Logout tokens that the provider sent."""
        between = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: Any) -> None:
                pass

            def do_GET(self) -> None:
                between.pass_on(self)

            do_POST = do_GET  # noqa: N815

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def issuer(self) -> str:
        """The provider's address."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def as_it_was(self) -> None:
        """Change nothing any more."""
        self.change, self.broken, self.told = {}, set(), []

    def pass_on(self, asked: BaseHTTPRequestHandler) -> None:
        """Ask the provider, and answer what it says, or something else."""
        path = urlsplit(asked.path).path
        body = asked.rfile.read(int(asked.headers.get("content-length") or 0))
        if path == "/told":
            self.told += parse_qs(body.decode())["logout_token"]
            return self._answer(asked, 200, [], b"")
        if path in self.broken:
            return self._answer(asked, 503, [], b"")
        connection = HTTPConnection("127.0.0.1", self.target, timeout=10)
        connection.request(asked.command, asked.path, body or None, dict(asked.headers.items()))
        said = connection.getresponse()
        content = said.read()
        if path in self.change:
            content = json.dumps(self.change[path](json.loads(content))).encode()
        self._answer(asked, said.status, said.getheaders(), content)
        connection.close()
        return None

    def _answer(self, asked: BaseHTTPRequestHandler, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        asked.send_response(status)
        for name, value in headers:
            if name.lower() not in {"content-length", "transfer-encoding", "connection", "date", "server"}:
                asked.send_header(name, value)
        asked.send_header("Content-Length", str(len(body)))
        asked.end_headers()
        asked.wfile.write(body)


class RunningProvider(Between):
    """The provider, its key, and what people do there."""

    def __init__(self, modules: Path) -> None:
        super().__init__()
        self.key = RSAKey.generate_key(2048, {"kid": "first", "alg": "RS256", "use": "sig"})
        client = {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "redirect_uris": [BACK],
            "post_logout_redirect_uris": [FRONT_PAGE],
            "backchannel_logout_uri": f"{self.issuer}/told",
            "backchannel_logout_session_required": True,
        }
        given = {
            "issuer": self.issuer,
            "client": client,
            "keys": [self.key.as_dict(private=True)],
            "accounts": ACCOUNTS,
        }
        self.process = subprocess.Popen(
            ["node", HERE / "provider.mjs", modules, json.dumps(given)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.target = int(self.process.stdout.readline())

    def stop(self) -> None:
        """End process and proxy."""
        self.process.kill()
        self.process.wait()
        self.server.shutdown()
        self.server.server_close()

    async def sign_in(self, address: str, account: str, browser: httpx.AsyncClient) -> str:
        """Follow Crosswalk's way in, sign in there, and return the address to which the browser is sent back."""
        form = await browser.get(address, follow_redirects=True)
        if not str(form.url).startswith(self.issuer):
            raise AssertionError(f"not at the provider: {form.url}")
        fields = {"prompt": "login", "login": account, "password": "any"}
        answer = await browser.post(str(form.url), data=fields)
        while answer.is_redirect and not answer.headers["location"].startswith(BACK):
            answer = await browser.get(answer.headers["location"])
        return answer.headers["location"]

    async def decline(self, address: str, browser: httpx.AsyncClient) -> str:
        """Follow Crosswalk's way in, and turn back there."""
        form = await browser.get(address, follow_redirects=True)
        answer = await browser.get(f"{form.url}/abort")
        while answer.is_redirect and not answer.headers["location"].startswith(BACK):
            answer = await browser.get(answer.headers["location"])
        return answer.headers["location"]

    async def sign_out(self, address: str, browser: httpx.AsyncClient) -> str:
        """Follow Crosswalk's way out, say yes there, and return the address to which the browser is sent."""
        form = await browser.get(address)
        xsrf = form.text.partition('name="xsrf" value="')[2].partition('"')[0]
        answer = await browser.post(f"{self.issuer}/session/end/confirm", data={"xsrf": xsrf, "logout": "yes"})
        return answer.headers["location"]


@pytest.fixture(scope="session")
def running_provider() -> Iterator[RunningProvider]:
    lacks = next((name for name in ("node", "npm") if shutil.which(name) is None), None)
    if lacks and os.environ.get("CI"):
        pytest.fail(f"sign-in with a provider must be tested in CI and needs {lacks}")
    if lacks:
        pytest.skip(f"the OpenID Connect provider needs {lacks} (Debian, Ubuntu: apt install nodejs npm)")
    running = RunningProvider(modules())
    yield running
    running.stop()


@pytest.fixture
def provider(running_provider: RunningProvider) -> RunningProvider:
    """The provider, telling the truth."""
    running_provider.as_it_was()
    return running_provider


def modules() -> Path:
    """The provider's program, fetched once into the user's cache; another lock has another folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "crosswalk"
    digest = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = cache / f"oidc-provider-{digest}"
    if not folder.exists():
        fresh = cache / f"oidc-provider-{digest}.{os.getpid()}"
        fresh.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, fresh)
        subprocess.run(
            ["npm", "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=fresh, check=True, timeout=PATIENCE,
        )  # fmt: skip
        try:
            fresh.rename(folder)
        except OSError:
            # Another process was quicker.
            shutil.rmtree(fresh)
    return folder / "node_modules"
