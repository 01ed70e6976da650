"""Processes of their own, and what each of them used: CPU seconds (user and system), peak memory, wall time."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Used:
    """What one process used, children included. `said`: the JSON of its last line, or None."""

    cpu: float
    wall: float
    mebibytes: float
    said: Any


def stage(module: str, *arguments: str) -> Used:
    """`python -m bench.MODULE ARGUMENTS`. A stage that fails ends the benchmark with its own words."""
    return run([sys.executable, "-m", f"bench.{module}", *arguments])


def run(command: Sequence[str], quiet: bool = True) -> Used:
    """One process from start to end."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # as installed
    with tempfile.TemporaryFile() as out:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=out if quiet else None, env=env)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"bench: `{' '.join(command)}` ended with {process.returncode}")
        out.seek(0)
        lines = out.read().decode(errors="replace").splitlines()
    peak = usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
    return Used(usage.ru_utime + usage.ru_stime, wall, peak, _json(lines[-1] if lines else ""))


def best(module: str, *arguments: str, times: int = 3) -> Used:
    """The run of that stage that used the least CPU: noise only ever adds."""
    return min((stage(module, *arguments) for _ in range(times)), key=lambda used: used.cpu)


def wall_ratio(command: Sequence[str], against: Sequence[str], times: int = 41) -> float:
    """Median wall time of one command over that of another, run in turn so that both see the same machine."""
    pairs = [(run(command).wall, run(against).wall) for _ in range(times)]
    return statistics.median(p[0] for p in pairs) / statistics.median(p[1] for p in pairs)


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
