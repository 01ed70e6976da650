"""The command as a process: start-up, locales, pipes, signals, and the question at a terminal."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from reconciler import __version__

ROOT = Path(__file__).parents[2]
SCRIPT = Path(sys.executable).with_name("reconciler")
BASE = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TERM": "xterm", "HOME": "/"}
PROGRAM = (sys.executable, "-m", "tests.cli.program")


def finished(*command: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=BASE | env, capture_output=True, text=True, encoding="utf-8", timeout=60)


@pytest.mark.parametrize("command", [(str(SCRIPT),), (sys.executable, "-m", "reconciler")])
def test_the_installed_command_prints_its_version(command: tuple[str, ...]) -> None:
    done = finished(*command, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"reconciler {__version__}\n", "")


def test_the_version_is_answered_before_anything_is_imported() -> None:
    probe = "import sys; sys.argv[1:] = ['--version']; import reconciler.cli.main as m; m.main(); print(*sys.modules)"
    loaded = finished(sys.executable, "-c", probe).stdout.split()
    assert {name.partition(".")[0] for name in loaded}.isdisjoint({"click", "rich", "pyarrow", "pydantic", "duckdb"})


def test_wrong_usage_of_the_installed_command_is_exit_1() -> None:
    done = finished(str(SCRIPT), "plan", "--nope")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error E902")


@pytest.mark.parametrize("locale", [{"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
def test_utf_8_is_written_under_a_c_locale(locale: Mapping[str, str]) -> None:
    done = finished(*PROGRAM, "plan", ANSWER="scripts", **locale)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Ärzte 会員" in done.stdout
    done = finished(*PROGRAM, "plän", **locale)
    assert (done.returncode, done.stderr.startswith("error E901")) == (1, True)


def test_a_reader_that_goes_away_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    command = [*PROGRAM, "plan", "--detailed-exitcode"]
    done = subprocess.run(command, env=BASE, stdout=write, stderr=subprocess.PIPE, timeout=60)
    os.close(write)
    assert (done.returncode, done.stderr) == (2, b"")


def waiting(*arguments: str, answer: str = "waits") -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [*PROGRAM, *arguments],
        env=BASE | {"ANSWER": answer},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line == "waiting\n":
            break
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_told_apply_ends_its_batch_and_says_how_to_go_on(number: signal.Signals) -> None:
    process = waiting("apply", "--auto-approve")
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Stopping after the batch in flight." in err
    assert out.endswith("To go on: reconciler apply\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_plan_ends_at_once(number: signal.Signals) -> None:
    process = waiting("plan")
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (130, "")
    assert err.strip().startswith("error E908")


def test_a_second_signal_ends_an_apply_at_once() -> None:
    process = waiting("apply", "--auto-approve", answer="deaf")
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert "Stopping after the batch in flight." in process.stderr.readline() + process.stderr.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 130
    process.communicate()


class Screen:
    """The program at a terminal of its own, started in `folder` if one is named."""

    def __init__(
        self, *arguments: str, program: Sequence[str] = PROGRAM, folder: Path | None = None, **env: str
    ) -> None:
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder or Path())
            os.execve(program[0], [*program, *arguments], BASE | env)  # the child becomes the program
        self.text = ""

    def until(self, words: str) -> None:
        end = time.monotonic() + 30
        while words not in self.text and time.monotonic() < end:
            self._read()
        assert words in self.text

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def end(self) -> int:
        while self._read():
            pass
        os.close(self._fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _read(self) -> bool:
        try:
            read = os.read(self._fd, 4096)
        except OSError:
            return False
        self.text += read.decode("utf-8", "replace")
        return bool(read)


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ("yes\n", 0, "Applied (run r-1)"),
        ("no\n", 1, "Not applied: nothing was written."),
        ("\n", 1, "Not applied: nothing was written."),
        ("\x04", 1, "Not applied: nothing was written."),
    ],
)
def test_apply_asks_after_printing_the_plan(answer: str, code: int, words: str) -> None:
    screen = Screen("apply")
    screen.until("Apply? yes/no: ")
    assert screen.text.index("Plan: 1 field") < screen.text.index("Apply?")
    screen.type(answer)
    assert screen.end() == code
    assert words in screen.text


def test_ctrl_c_at_the_question_writes_nothing() -> None:
    screen = Screen("apply")
    screen.until("Apply? yes/no: ")
    screen.type("\x03")
    assert screen.end() == 130
    assert "Applied" not in screen.text


def test_ctrl_c_stops_a_running_apply_gently() -> None:
    screen = Screen("apply", "--auto-approve", ANSWER="waits")
    screen.until("waiting")
    screen.type("\x03")
    assert screen.end() == 130
    assert "To go on: reconciler apply" in screen.text


def test_ci_never_asks_even_at_a_terminal() -> None:
    screen = Screen("apply", CI="true")
    assert screen.end() == 1
    assert "error E905" in screen.text


@pytest.mark.parametrize(("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_gets_colours_unless_it_declines(env: Mapping[str, str], coloured: bool) -> None:
    screen = Screen("plan", **env)
    assert screen.end() == 0
    assert ("\x1b[32m  + field" in screen.text) is coloured
    assert "membership_level" in screen.text


def test_values_may_be_shown_at_a_terminal_but_not_in_ci() -> None:
    assert Screen("plan", "--show-values").end() == 0
    assert Screen("plan", "--show-values", CI="1").end() == 1


@pytest.mark.parametrize(
    "typed", ["--format=markdown", "--report=text=plan.txt", "--report=github", "--out=reviewed.plan"]
)
def test_values_that_are_shown_at_a_terminal_go_nowhere_else(typed: str, tmp_path: Path) -> None:
    screen = Screen("plan", "--show-values", typed, folder=tmp_path)
    assert screen.end() == 1
    assert "error E906" in screen.text
    assert not (tmp_path / "reviewed.plan").exists()


@pytest.mark.parametrize("command", ["plan", "plan --format json", "apply --auto-approve", "plan --nope --format json"])
def test_a_result_that_cannot_be_written_is_an_error_with_a_code(command: str) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [*PROGRAM, *command.split()], env=BASE, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert done.returncode == 1
    assert done.stderr.startswith("error E902" if "--nope" in command else "error E910")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("closed", "code"), [("1", 1), ("2", 0)])
def test_a_stream_that_was_closed_before_the_start_is_no_mistake_of_ours(closed: str, code: int) -> None:
    script = f'exec "$@" {closed}>&-'
    done = finished("sh", "-c", script, "sh", *PROGRAM, "plan", "-v")
    assert done.returncode == code
    assert "E999" not in done.stderr
    assert ("E910" in done.stderr) is (closed == "1")
