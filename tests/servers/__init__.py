"""Private database servers on loopback, for tests: started when one is asked for, in a folder of their own, and gone
with the tests. `RECONCILER_DEMAND_SERVERS=1` makes a failure of what is otherwise a reason to skip."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

PASSWORD = "Pw-qzxkanari"  # looked for in everything that the program says
_START = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs. `url` names a database by `{database}`, its administrator and a password."""

    port: int
    url: str
    process: int

    def address(self, database: str, **parts: str) -> str:
        """The address of a database; `parts`: another user, password, host or port."""
        scheme, rest = self.url.split("://")
        user, host = rest.split("@")
        name, password = user.split(":")
        place, port = host.split("/")[0].split(":")
        said = {"user": name, "password": password, "host": place, "port": port, **parts}
        return f"{scheme}://{said['user']}:{said['password']}@{said['host']}:{said['port']}/{database}"


def program(name: str, *patterns: str) -> Path:
    """The program, where the system has it. Skips, or fails, where it has none."""
    found = shutil.which(name)
    places = [Path(found)] if found else [path for pattern in patterns for path in sorted(Path("/").glob(pattern[1:]))]
    return places[-1] if places else missing(f"{name} is not installed")


def missing(reason: str) -> NoReturn:
    """Skips for that reason, or fails."""
    if os.environ.get("RECONCILER_DEMAND_SERVERS") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def account(*names: str) -> str | None:
    """The first of these users that there is, if we are root: some servers refuse to be. None: run as we are."""
    if os.geteuid():
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in names if name in known), None)


@contextmanager
def folder(owner: str | None) -> Iterator[Path]:
    """A folder outside of pytest's, whose folders nobody else may enter."""
    path = Path(tempfile.mkdtemp(prefix="reconciler-"))
    try:
        if owner:
            shutil.chown(path, owner)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def wrapped(command: Sequence[str], owner: str | None) -> list[str]:
    """The command as that user, and ended by the system when its parent dies: also when a test run is killed."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return list(command)
    user = [f"--reuid={owner}", f"--regid={pwd.getpwnam(owner).pw_gid}", "--clear-groups"] if owner else []
    return [setpriv, *user, "--pdeathsig=KILL", *command]


@contextmanager
def running(
    command: Sequence[str], log: Path, answers: Callable[[], bool], env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """The server, once it answers; its whole process group is ended afterwards."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, env=env
        )
    try:
        deadline = time.monotonic() + _START
        while not answers():
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the server does not start: {log.read_text(errors='replace')[-2000:]}", pytrace=False)
            time.sleep(0.05)
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGQUIT, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
        else:
            break
    process.wait()
