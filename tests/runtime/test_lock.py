from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.model.problems import Failure
from reconciler.runtime.lock import holder, take_or_fail

from .memory_crm import CLOCK

HOLD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from reconciler.model.clock import Clock
from reconciler.runtime.lock import take_or_fail
lock = take_or_fail(Path(sys.argv[1]), Clock.fixed(datetime(2026, 11, 22, 9, tzinfo=UTC)))
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def another_process(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A real process that holds the lock until it is told to end, or killed."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_second_apply_is_refused_and_told_who_holds_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with another_process(path) as process, pytest.raises(Failure) as failure:
        take_or_fail(path, CLOCK)
    (found,) = failure.value.problems
    assert found.code == "E507"
    assert f"process {process.pid}" in found.detail
    assert "2026-11-22T09:00:00Z" in found.detail


def test_the_lock_is_gone_at_once_when_its_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with another_process(path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert holder(path) is None
        lock = take_or_fail(path, CLOCK)
    lock.release()


def test_nobody_holds_a_lock_that_was_never_taken(tmp_path: Path) -> None:
    assert holder(tmp_path / "lock") is None


def test_looking_who_holds_a_lock_does_not_take_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    take_or_fail(path, CLOCK).release()
    assert holder(path) is None
    take_or_fail(path, CLOCK).release()


def test_a_lock_without_a_signature_is_held_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = take_or_fail(path, CLOCK)
    path.write_text("{")
    found = holder(path)
    assert found is not None
    assert str(found) == ""
    lock.release()
