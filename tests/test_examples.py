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
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from types import ModuleType

import pytest
from processes import NOW, Ended, reconciler
from servers import PASSWORD, program
from servers.databases import Database
from servers.wordpress import Site, demand, people
from werkzeug.serving import make_server

from reconciler.emulators.hubspot import HubSpot
from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock

PRINTED = "http://127.0.0.1:8800"  # where the emulator of the example is
ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"


@dataclass(frozen=True, slots=True)
class Example:
    """One file of an example. `allowed`: options without which an apply is refused. `golden`: the file of its plan."""

    name: str
    file: str = "reconciler.yaml"
    allowed: tuple[str, ...] = ()
    golden: str = ""


MEMBERSHIP = Example("membership", allowed=("--allow", "create=100", "--allow", "delete=2"), golden="plan.txt")
ALL = [
    Example("quickstart", golden="plan.txt"),
    MEMBERSHIP,
    Example("membership", "hubspot.yaml"),
    Example("demo"),
    Example("databases", golden="plan.txt"),
    Example("wordpress", golden="plan.txt"),
    Example("rehearsal", golden="plan.txt"),
    *(Example("agency", f"{site}.yaml", golden=f"{site}.txt") for site in ("north", "south", "harbour")),
]
EMULATED = [example for example in ALL if example.name == "rehearsal" or example.file == "hubspot.yaml"]


@pytest.fixture
def emulated(tmp_path: Path) -> Iterator[str]:
    """The address of an emulated account."""
    emulator = HubSpot(tmp_path / "hubspot.db", Clock.system())
    with closing(emulator), make_server("127.0.0.1", 0, emulator, threaded=True) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


@pytest.fixture
def folder(example: Example, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the example as somebody finds it; what came before it, if anything, is applied."""
    if example.name == "databases":
        database: Database = request.getfixturevalue("postgres")
        database.run((EXAMPLES / example.name / "people.sql").read_text(encoding="utf-8"))
        monkeypatch.setenv("DATABASE_URL", database.url)
    if example.name == "wordpress":
        site: Site = request.getfixturevalue("wordpress")
        site.fill(*people(1000))
        monkeypatch.setenv("WORDPRESS_URL", site.url)
    folder = tmp_path / example.name
    if example in EMULATED:
        monkeypatch.setenv("HUBSPOT_TOKEN", "pat-na1-emulated")
        monkeypatch.setenv("HUBSPOT_URL", request.getfixturevalue("emulated"))
    shutil.copytree(EXAMPLES / example.name, folder, ignore=shutil.ignore_patterns(".reconciler", "*.db*"))
    if example.name == "rehearsal":  # whose file has the address that the command prints
        config = (folder / example.file).read_text(encoding="utf-8")
        assert config.count(PRINTED) == 1
        config = config.replace(PRINTED, os.environ["HUBSPOT_URL"])
        (folder / example.file).write_text(config, encoding="utf-8")
    if example == MEMBERSHIP:
        clock = Clock.fixed(datetime(2025, 11, 22, tzinfo=UTC))
        with closing(LocalCrm(folder / "crm.db", clock, token=lambda: "4f1c09ab")) as crm:
            crm.seed()
        ended = reconciler(folder, "-f", "last-year.yaml", "apply", "--auto-approve", "--now", "2025-11-22")
        assert ended.code == 0, ended.out + ended.err
        ended = reconciler(folder, "-f", "last-year.yaml", "status", "--forget", "fields")
        assert ended.code == 0, ended.out + ended.err
    return folder


def every(*examples: Example) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("example", examples, ids=lambda example: f"{example.name}-{example.file}")


def run(folder: Path, example: Example, *arguments: str) -> Ended:
    return reconciler(folder, "-f", example.file, *arguments)


@every(*ALL)
def test_an_example_is_valid(folder: Path, example: Example) -> None:
    ended = run(folder, example, "validate")
    assert ended.code == 0, ended.out + ended.err


@every(*(example for example in ALL if example.golden))
def test_an_example_plans_what_its_golden_file_says(
    folder: Path, example: Example, request: pytest.FixtureRequest
) -> None:
    ended = run(folder, example, "plan", "--now", NOW)
    assert ended.code == 0, ended.err
    golden = EXAMPLES / example.name / example.golden
    out = re.sub(r"account [0-9]{6,}", "account 44113370", ended.out)  # an emulated account has an id of its own
    if request.config.getoption("--update-golden"):
        golden.write_text(out, encoding="utf-8")
    assert out == golden.read_text(encoding="utf-8")


@every(*ALL)
def test_an_example_applies_and_then_plans_to_nothing(folder: Path, example: Example) -> None:
    before = run(folder, example, "plan", "--now", NOW, "--detailed-exitcode")
    assert before.code == 2, before.out + before.err
    applied = run(folder, example, "apply", "--auto-approve", "--now", NOW, *example.allowed)
    assert applied.code == 0, applied.out + applied.err
    after = run(folder, example, "plan", "--now", NOW, "--detailed-exitcode")
    assert after.code == 0, after.out + after.err


@pytest.mark.parametrize("file", ["reconciler.yaml", "hubspot.yaml", "bottlecrm.yaml"])
def test_the_tests_of_an_example_pass_in_an_empty_environment(file: str) -> None:
    """With the file for each CRM: what they check is in none of them."""
    folder = EXAMPLES / "membership"
    ended = reconciler(folder, "-f", file, "test", "reconciler.test.yaml")
    assert ended.code == 0, ended.out + ended.err
    assert ended.out.endswith("4 cases, 4 ok.\n")


@pytest.mark.parametrize("wrong", ["reaches: 501", "held: 12", "set: 1", "create: 1"])
def test_each_case_of_an_example_notices_when_it_is_wrong(wrong: str, tmp_path: Path) -> None:
    other = {"reaches: 501": "reaches: 500", "held: 12": "clear: 12", "set: 1": "st: 1", "create: 1": "create: 2"}
    for name in ("base.yaml", "reconciler.yaml", "reconciler.test.yaml"):
        text = (EXAMPLES / "membership" / name).read_text(encoding="utf-8")
        if name == "reconciler.test.yaml":
            assert text.count(wrong) == 1
            text = text.replace(wrong, other[wrong])
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert reconciler(tmp_path, "test").code == 1


@every(MEMBERSHIP)
def test_what_needs_a_permission_is_refused_without_it(folder: Path, example: Example) -> None:
    ended = run(folder, example, "apply", "--auto-approve", "--now", NOW)
    assert ended.code == 3, ended.out + ended.err


@every(MEMBERSHIP)
def test_what_last_years_file_owns_is_refused_until_it_lets_go(folder: Path, example: Example) -> None:
    again = reconciler(folder, "-f", "last-year.yaml", "apply", "--auto-approve", "--now", NOW)
    assert again.code == 0, again.out + again.err
    ended = run(folder, example, "apply", "--auto-approve", "--now", NOW, *example.allowed)
    assert ended.code == 3, ended.out + ended.err
    assert "last-year.yaml:12 fills it too" in ended.out


def test_the_sites_of_the_agency_do_not_know_each_other(tmp_path: Path) -> None:
    """Each its CRM and its state: after one was applied, another plans what it planned before."""
    folder = tmp_path / "agency"
    shutil.copytree(EXAMPLES / "agency", folder)
    applied = reconciler(folder, "-f", "north.yaml", "apply", "--auto-approve", "--now", NOW)
    assert applied.code == 0, applied.out + applied.err
    south = reconciler(folder, "-f", "south.yaml", "plan", "--now", NOW)
    assert south.out == (folder / "south.txt").read_text(encoding="utf-8")
    assert {path.name for path in (folder / ".reconciler").iterdir()} == {"north", "south"}


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


def test_the_demo_on_a_wordpress_site_tells_its_story_to_the_end(tmp_path: Path) -> None:
    """As `make demo-wordpress` runs it; of the checkout it needs what starts the site, too."""
    demand("mysql")
    program("mariadbd", "/usr/sbin/mariadbd", "/usr/libexec/mariadbd", "/opt/homebrew/bin/mariadbd")
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        [sys.executable, "-m", "servers.wordpress", "sh", str(tmp_path / "examples" / "demo-wordpress.sh")],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT / "tests")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=300,
    )
    out = ended.stdout.decode()
    assert ended.returncode == 0, out + ended.stderr.decode()
    assert out.count("Nothing to do: 1,000 people in sync") == 2
    assert out.count("2 to update, 998 in sync") == 2
    assert PASSWORD not in out + ended.stderr.decode()
    assert {entry.name for entry in tmp_path.iterdir()} == {"examples", ".demo"}


def test_the_readme_shows_the_examples_as_they_are() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    config = (EXAMPLES / "quickstart" / "reconciler.yaml").read_text(encoding="utf-8").split("\n", 1)[1]
    assert config in readme
    assert (EXAMPLES / "quickstart" / "plan.txt").read_text(encoding="utf-8") in readme
    rehearsal = (EXAMPLES / "rehearsal" / "plan.txt").read_text(encoding="utf-8")
    assert rehearsal.partition("People")[0] in readme
    assert rehearsal.partition("Cost       ")[2].splitlines()[0] in readme
