"""`fmt`: what it writes, prints and leaves alone."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.cli.app import run

LOOSE = "fields: {email:   email}\nversion: 1 # first\n"
CANONICAL = "version: 1 # first\nfields: {email: email}\n"

Ran = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ran(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ran:
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(["fmt", *arguments], {})
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def loose(tmp_path: Path) -> Path:
    path = tmp_path / "reconciler.yaml"
    path.write_text(LOOSE, encoding="utf-8")
    return path


def test_the_file_is_laid_out_and_named_once(ran: Ran, loose: Path) -> None:
    assert ran() == (0, "formatted reconciler.yaml\n", "")
    assert loose.read_text() == CANONICAL
    assert ran() == (0, "", "")


def test_mode_and_link_stay_and_nothing_else_is_left_in_the_folder(ran: Ran, loose: Path, tmp_path: Path) -> None:
    loose.chmod(0o640)
    (tmp_path / "link.yaml").symlink_to("reconciler.yaml")
    assert ran("link.yaml")[0] == 0
    assert (tmp_path / "link.yaml").is_symlink()
    assert loose.read_text() == CANONICAL
    assert stat.S_IMODE(loose.stat().st_mode) == 0o640
    assert sorted(os.listdir(tmp_path)) == ["link.yaml", "reconciler.yaml"]


def test_a_canonical_file_is_not_touched(ran: Ran, loose: Path) -> None:
    loose.write_text(CANONICAL)
    before = loose.stat()
    assert ran() == (0, "", "")
    assert (loose.stat().st_mtime_ns, loose.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_check_names_what_would_change_and_writes_nothing(ran: Ran, loose: Path, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(CANONICAL)
    code, out, err = ran("--check", "reconciler.yaml", "good.yaml")
    assert (code, out) == (1, "")
    assert err.startswith("error E131  reconciler.yaml:1: ")
    assert "good.yaml" not in err
    assert loose.read_text() == LOOSE
    assert ran("--check", "good.yaml") == (0, "", "")


def test_diff_shows_what_would_change_and_writes_nothing(ran: Ran, loose: Path) -> None:
    code, out, err = ran("--diff")
    assert (code, err) == (0, "")
    assert out == (
        "--- reconciler.yaml\n+++ reconciler.yaml\n@@ -1,2 +1,2 @@\n"
        "-fields: {email:   email}\n version: 1 # first\n+fields: {email: email}\n"
    )
    assert loose.read_text() == LOOSE
    assert ran("--diff", "--check")[0] == 1


def test_a_diff_cannot_steer_a_terminal_and_says_where_a_line_end_is_missing(ran: Ran, loose: Path) -> None:
    loose.write_text("fields: {}\nversion: 1 # \u202e", encoding="utf-8")
    out = ran("--diff")[1]
    assert "\u202e" not in out
    assert "-version: 1 # \\u202e\n\\ No newline at end of file\n" in out


@pytest.mark.parametrize(("more", "code", "expected"), [((), 0, CANONICAL), (("--check",), 1, "")])
def test_standard_input_becomes_standard_output(
    ran: Ran, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...], code: int, expected: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(LOOSE.encode())))
    assert ran("-", *more)[:2] == (code, expected)


def test_standard_input_stands_alone(ran: Ran) -> None:
    code, _, err = ran("-", "a.yaml")
    assert (code, err.startswith("error E904")) == (1, True)


def test_no_file_is_written_if_one_cannot_be_read_and_all_is_told(ran: Ran, loose: Path, tmp_path: Path) -> None:
    (tmp_path / "twice.yaml").write_text("version: 1\nversion: 1\n")
    code, out, err = ran("reconciler.yaml", "twice.yaml", "none.yaml")
    assert (code, out) == (1, "")
    assert "E106  twice.yaml:2:1" in err
    assert "E101  none.yaml" in err
    assert loose.read_text() == LOOSE


def test_a_file_that_does_not_validate_is_laid_out_all_the_same(ran: Ran, loose: Path) -> None:
    loose.write_text("nonsense:   yes\nversion: 2\n")
    assert ran()[0] == 0
    assert loose.read_text() == "version: 2\nnonsense: yes\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_takes_no_new_file_is_a_problem_and_the_file_stays(ran: Ran, loose: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    code, _, err = ran()
    tmp_path.chmod(0o700)
    assert (code, err.startswith("error E132")) == (1, True)
    assert loose.read_text() == LOOSE
