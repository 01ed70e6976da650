"""A private BottleCRM: a real CRM, from the package index, on a private PostgreSQL.

It needs Python 3.12 or newer, and lives in a virtual environment of its own that is kept between test runs. Every test
gets an organisation of its own, with a token. A second server on the same database has no way to its task queue: it
carries out what creates a contact, and then answers with an error.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from servers import Server, folder, free_port, missing, running, wrapped
from servers.databases import Database, database

SCOPES = tuple(f"{what}:{may}" for what in ("contacts", "tags", "custom-fields") for may in ("read", "write"))
_REQUIREMENTS = Path(__file__).with_name("bottlecrm.txt")
_OLDEST = (3, 12)
_NUMBERS = count(1)
_TABLES = """
from crm.settings import *

class Straight(dict):
    # Tables as the models are now, without the hundred steps that led there.
    def __contains__(self, name): return True
    def __getitem__(self, name): return None

MIGRATION_MODULES = Straight()
"""


@dataclass(frozen=True, slots=True)
class Organisation:
    """An empty account. `url`: where it answers; `failing`: where creations are carried out and then answered with an
    error. `session`: what a signed-in administrator sends along."""

    url: str
    failing: str
    id: str
    token: str
    session: str

    def asked(self, method: str, path: str, body: object = None) -> httpx.Response:
        """What the administrator does by hand."""
        answer = httpx.request(method, f"{self.url}/api/{path}", json=body, headers=_bearer(self.session), timeout=60)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer

    def new_token(self, scopes: Sequence[str]) -> str:
        token: str = self.asked("POST", "profile/tokens/", {"name": "test", "scopes": list(scopes)}).json()["token"]
        return token


@dataclass(frozen=True, slots=True)
class BottleCrm:
    """It runs. `session`: of its administrator, who is in no organisation yet."""

    url: str
    failing: str
    session: str
    database: Database

    def organisation(self) -> Organisation:
        """A new one, with a token that may do what the program needs."""
        start = Organisation(self.url, self.failing, "", "", self.session)
        id = start.asked("POST", "org/", {"name": f"Test {next(_NUMBERS)}"}).json()["org"]["id"]
        session = start.asked("POST", "auth/switch-org/", {"org_id": id}).json()["access_token"]
        token = Organisation(self.url, self.failing, id, "", session).new_token([*SCOPES, "org:read"])
        return Organisation(self.url, self.failing, id, token, session)


@contextmanager
def bottlecrm(server: Server) -> Iterator[BottleCrm]:
    programs = _environment()
    with ExitStack() as stack:
        place = stack.enter_context(folder(None))
        tables = stack.enter_context(database("postgres", server))
        base = _settings(server, tables.name)
        (place / "tables.py").write_text(_TABLES)
        env = {**base, "PYTHONPATH": str(place), "DJANGO_SETTINGS_MODULE": "tables"}
        _run([programs / "django-admin", "migrate", "--run-syncdb", "-v", "0"], env, place)
        env = {**base, "DJANGO_SETTINGS_MODULE": "crm.settings"}
        said = _run([programs / "django-admin", "devlogin", "admin@example.org", "--create"], env, place)
        session = next(line.split()[1] for line in said.splitlines() if line.startswith("access_token"))
        url = stack.enter_context(_served(programs, env, place / "log"))
        queue = {"CELERY_BROKER_URL": f"redis://127.0.0.1:{free_port()}/0"}
        failing = stack.enter_context(_served(programs, env | queue, place / "failing.log"))
        yield BottleCrm(url, failing, session, tables)


def _settings(server: Server, name: str) -> dict[str, str]:
    parts = urlsplit(server.address(name))
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG", "TMPDIR")}
    return {
        **kept,
        "DEBUG": "True",
        "ENV_TYPE": "dev",
        "SECRET_KEY": "of-a-server-that-lives-as-long-as-its-tests",
        "DBNAME": name,
        "DBUSER": parts.username or "",
        "DBPASSWORD": parts.password or "",
        "DBHOST": "127.0.0.1",
        "DBPORT": str(server.port),
        "ALLOWED_HOSTS": "127.0.0.1",
        "CELERY_BROKER_URL": "memory://",
        "CELERY_RESULT_BACKEND": "cache+memory://",
    }


@contextmanager
def _served(programs: Path, env: dict[str, str], log: Path) -> Iterator[str]:
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [
        str(programs / "gunicorn"),
        "crm.wsgi:application",
        "-b",
        f"127.0.0.1:{port}",
        "--chdir",
        str(log.parent),
    ]
    with running(
        wrapped([*command, "-w", "2", "-k", "gthread", "--keep-alive", "30"], None), log, lambda: _answers(url), env
    ):
        yield url


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/contacts/", timeout=60).status_code == 403
    except httpx.HTTPError:
        return False


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _run(command: Sequence[object], env: dict[str, str], place: Path) -> str:
    done = subprocess.run([str(word) for word in command], env=env, cwd=place, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"{command[1]}: {done.stderr[-2000:]}", pytrace=False)
    return done.stdout


def _environment() -> Path:
    """The folder of the server's programs; made by the first who asks, and kept. Skips, or fails, where it cannot."""
    python = _python()
    named = hashlib.sha256(_REQUIREMENTS.read_bytes() + str(python).encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "crm-reconciler-tests"
    cache.mkdir(parents=True, exist_ok=True)
    place = cache / f"bottlecrm-{named}"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "complete").exists():
            shutil.rmtree(place, ignore_errors=True)
            _install(python, place)
            (place / "complete").touch()
    return place / "bin"


def _install(python: Path, place: Path) -> None:
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    for command in (
        [python, "-m", "venv", place],
        [place / "bin" / "python", *install, "--only-binary", ":all:", "-r", _REQUIREMENTS],
    ):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if done.returncode:
            shutil.rmtree(place, ignore_errors=True)
            missing(f"BottleCRM cannot be installed: {done.stderr.strip()[-500:]}")


def _python() -> Path:
    """A Python that BottleCRM runs with."""
    names = (f"python3.{minor}" for minor in (13, 12, 14))
    places = (".pyenv/versions/3.1[2-4].*/bin/python", ".local/share/uv/python/*/bin/python3")
    found = [Path(there) for name in names if (there := shutil.which(name))]
    found += [there for place in places for there in sorted(Path.home().glob(place))]
    whole = (python.resolve() for python in (Path(sys.executable), *found) if _works(python))
    return next(whole, None) or missing(f"BottleCRM needs Python 3.{_OLDEST[1]} or newer, with `venv`")


def _works(python: Path) -> bool:
    """Whether it is new enough, and whole: some systems split it into packages."""
    asked = f"import sys, venv, ensurepip; sys.exit(sys.version_info < {_OLDEST})"
    return subprocess.run([str(python), "-c", asked], capture_output=True).returncode == 0
