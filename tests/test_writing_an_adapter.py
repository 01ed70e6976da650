"""docs/writing-an-adapter.md: what stands there is written into files, and its own test is run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from adapter_page import write_package

from reconciler.testing.kit import PROMISES

DECLARED = {"Batches", "Acme keeps no status of a contact", "Acme does not say which contacts were merged"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of the page, installed as far as an entry point goes."""
    folder = tmp_path_factory.mktemp("package")
    write_package(folder)
    return folder


def run(package: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(package)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=package, env=env, capture_output=True, text=True, timeout=300
    )


def test_the_adapter_of_the_page_keeps_every_promise_that_it_does_not_declare_missing(package: Path) -> None:
    ran = run(package, "-m", "pytest", "-q", "-rs", "-W", "error", "-p", "no:cacheprovider", "test_acme.py")
    assert ran.returncode == 0, ran.stdout[-3000:]
    skipped = re.findall(r"SKIPPED \[(\d+)\] \S+: (.*)", ran.stdout)
    assert all(any(reason in why for reason in DECLARED) for _, why in skipped), skipped
    passed = int(re.search(r"(\d+) passed", ran.stdout)[1])  # type: ignore[index] # it passed
    assert passed + sum(int(count) for count, _ in skipped) == len(PROMISES)
    assert passed >= 30


def test_the_program_finds_the_adapter_of_the_page(package: Path) -> None:
    ran = run(package, "-m", "reconciler", "adapters", "acme")
    assert ran.returncode == 0, ran.stderr
    assert "contacts/by-email" in ran.stdout


def test_the_code_of_the_page_is_as_tidy_as_ours(package: Path) -> None:
    known = 'lint.isort.known-first-party=["reconciler"]'
    style = ["--isolated", "--line-length", "120", "--config", known, "--select", "E,F,I,UP,W"]
    ran = run(package, "-m", "ruff", "check", *style, "acme.py", "acme_server.py")
    assert ran.returncode == 0, ran.stdout
    ran = run(
        package,
        "-m",
        "mypy",
        "--strict",
        "--disable-error-code",
        "import-untyped",
        "--cache-dir",
        str(package / ".mypy"),
        "acme.py",
    )
    assert ran.returncode == 0, ran.stdout
