"""The examples: each file is valid, its plan is the golden one, and it applies and then plans to nothing.

`pytest --update-golden tests/test_examples.py` rewrites the plans; they are reviewed as a diff.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest
from processes import NOW, reconciler
from servers.databases import Database

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
ALLOWED = {
    "quickstart": (),
    "membership": ("--allow", "create=100", "--allow", "delete=2"),
    "demo": (),
    "databases": (),
}


@pytest.fixture
def example(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of one example as somebody finds it; what came before it, if anything, is applied."""
    name: str = request.param
    if name == "databases":
        database: Database = request.getfixturevalue("postgres")
        database.run((EXAMPLES / name / "people.sql").read_text(encoding="utf-8"))
        monkeypatch.setenv("DATABASE_URL", database.url)
    folder = tmp_path / name
    shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns(".reconciler", "crm.db*"))
    if (folder / "last-year.yaml").exists():
        clock = Clock.fixed(datetime(2025, 11, 22, tzinfo=UTC))
        with closing(LocalCrm(folder / "crm.db", clock, token=lambda: "4f1c09ab")) as crm:
            crm.seed()
        ended = reconciler(folder, "-f", "last-year.yaml", "apply", "--auto-approve", "--now", "2025-11-22")
        assert ended.code == 0, ended.out + ended.err
    return folder


def every(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("example", names, ids=names, indirect=True)


@every(*ALLOWED)
def test_an_example_is_valid(example: Path) -> None:
    ended = reconciler(example, "validate")
    assert ended.code == 0, ended.out + ended.err


@every("quickstart", "membership", "databases")
def test_an_example_plans_what_its_golden_file_says(example: Path, request: pytest.FixtureRequest) -> None:
    ended = reconciler(example, "plan", "--now", NOW)
    assert ended.code == 0, ended.err
    golden = EXAMPLES / example.name / "plan.txt"
    if request.config.getoption("--update-golden"):
        golden.write_text(ended.out, encoding="utf-8")
    assert ended.out == golden.read_text(encoding="utf-8")


@every(*ALLOWED)
def test_an_example_applies_and_then_plans_to_nothing(example: Path) -> None:
    before = reconciler(example, "plan", "--now", NOW, "--detailed-exitcode")
    assert before.code == 2, before.out + before.err
    applied = reconciler(example, "apply", "--auto-approve", "--now", NOW, *ALLOWED[example.name])
    assert applied.code == 0, applied.out + applied.err
    after = reconciler(example, "plan", "--now", NOW, "--detailed-exitcode")
    assert after.code == 0, after.out + after.err


@every("membership")
def test_what_needs_a_permission_is_refused_without_it(example: Path) -> None:
    ended = reconciler(example, "apply", "--auto-approve", "--now", NOW)
    assert ended.code == 3, ended.out + ended.err


def people_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("people", EXAMPLES / "people.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_generated_people_are_those_that_are_checked_in(tmp_path: Path) -> None:
    module = people_module()
    module.main(tmp_path)
    for name in module.files():
        assert (tmp_path / name).read_bytes() == (EXAMPLES / name).read_bytes(), name


def test_nobody_in_the_examples_has_an_address_that_could_be_real() -> None:
    for file in (*EXAMPLES.rglob("*.csv"), *EXAMPLES.rglob("*.sql")):
        for word in re.split(r"""[\s,"']+""", file.read_text(encoding="utf-8")):
            if "@" in word:
                assert word.lower().endswith(("@example.org", "@example.com")), file


def test_the_demo_tells_its_story_to_the_end(tmp_path: Path) -> None:
    """In a copy of what it needs, with the program on the path and nothing else of the checkout."""
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        ["sh", str(tmp_path / "examples" / "demo.sh")],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=300,
    )
    out = ended.stdout.decode()
    assert ended.returncode == 0, out + ended.stderr.decode()
    assert out.count("Nothing to do") == 2
    assert {entry.name for entry in tmp_path.iterdir()} == {"examples", ".demo"}


def test_the_readme_shows_the_quickstart_as_it_is() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    config = (EXAMPLES / "quickstart" / "reconciler.yaml").read_text(encoding="utf-8").split("\n", 1)[1]
    assert config in readme
    assert (EXAMPLES / "quickstart" / "plan.txt").read_text(encoding="utf-8") in readme
