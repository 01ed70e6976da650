"""Runs the program as people do: a process of its own, a command line, and what came of it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

COMMAND = (sys.executable, "-c", "import sys; from reconciler.cli.main import main; sys.exit(main())")
NOW = "2026-11-22"


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    out: str
    err: str


def start(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """The program begins in that folder; without a terminal, colours or the CI's variables."""
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR", "COLUMNS")}
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        env={**kept, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def reconciler(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Ended:
    """The program from start to end."""
    process = start(folder, *arguments, env=env)
    out, err = process.communicate(timeout=300)
    return Ended(process.returncode, out.decode(), err.decode())


def contents(folder: Path, *names: str) -> dict[str, str]:
    """Every file below those names in the folder, with a digest of its bytes. What is not there is left out."""
    roots = [folder / name for name in names]
    files = [
        file for root in roots for file in ([root] if root.is_file() else sorted(root.rglob("*"))) if file.is_file()
    ]
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def launcher(path: Path) -> None:
    """The program as a file that a shell finds."""
    python, run = COMMAND[0], COMMAND[2]
    path.write_text(f"#!/bin/sh\nexec {python} -c '{run}' \"$@\"\n", encoding="utf-8")
    path.chmod(0o755)
