"""Every command, in every format, on every example: no value of a person and no secret is printed or kept.

The examples' own values are the canaries: what their sources hold of few people, and the secrets of their environment.
A value is looked for in stdout, in stderr and in every file that the program writes, the state folder included; as it
is, and as Markdown and HTML write it.
"""

from __future__ import annotations

import csv
import html
import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from processes import NOW
from servers import PASSWORD
from servers.wordpress import people
from test_examples import ALL, Example, emulated, every, folder  # noqa: F401, two are fixtures

from reconciler.cli.app import COMMANDS, run
from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.report.formats import DRIFT, FORMATS, PLAN, VALIDATION, formats_of

FEW = 3
"""What more people than these have alike says nothing of one of them."""
SECRETS = ("pat-na1-emulated", PASSWORD)
OURS = re.compile(r".*\.db(-wal|-shm)?")
"""The CRM, which is to hold everything."""
PLANTED = "Qzxkanari of the CRM"
"""A value that somebody typed into the CRM after the first apply."""

NOT_SWEPT = {
    "emulate": "serves until it is stopped: what it serves is the CRM itself",
}
"""Commands that no step runs. `discover`, `plan` and `apply` show values with `--show-values`, to somebody at a
terminal and to nobody else; that they refuse it here is a step of its own."""


def reports(kind: str, name: str) -> tuple[str, ...]:
    """All views of that kind at once, in files of that name."""
    typed = (f"--report={form}={name}{FORMATS[form].suffix}" for form in formats_of(kind))
    return (*typed, "--report=github")


def in_all(kind: str, *arguments: str) -> Iterator[tuple[str, ...]]:
    return ((*arguments, f"--format={form}") for form in formats_of(kind))


def in_both(*arguments: str) -> Iterator[tuple[str, ...]]:
    return ((*arguments, f"--format={form}") for form in ("text", "json"))


def looking() -> Iterator[tuple[str, ...]]:
    """What may be run at any time. The exit code says nothing here: some have nothing to show yet."""
    yield from in_all(VALIDATION, "validate")
    yield from in_all(PLAN, "plan", "--now", NOW)
    yield ("plan", "--now", NOW, "--out=saved.plan", *reports(PLAN, "plan"), "-vv")
    yield from in_all(PLAN, "show")
    yield from in_all(PLAN, "show", "saved.plan")
    yield ("show", "saved.plan", "--format=jsonl")
    yield from again()
    for command in ("doctor", "discover", "adapters", "test"):
        yield from in_both(command)
    yield from (
        ("import",),
        ("discover", "--yaml"),
        ("discover", "--all"),
        ("fmt", "--diff"),
        ("schema",),
        ("explain",),
    )
    yield ("init",)
    for command in ("plan", "discover"):
        yield (command, "--show-values")


def again() -> Iterator[tuple[str, ...]]:
    """What says something else once there was an apply and somebody moved a value."""
    yield from in_all(PLAN, "show", "last")
    yield ("show", "last", *reports(PLAN, "last"))
    yield from in_both("show", "--list")
    yield from in_all(DRIFT, "drift")
    yield ("drift", "--refresh=full", *reports(DRIFT, "drift"))
    yield from in_both("status")
    yield ("plan", "--now", NOW, *reports(PLAN, "again"), "-vv")


def applying(allowed: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    asked = ("apply", "--auto-approve", "--now", NOW)
    yield (*asked, "--max-calls=1", *reports(PLAN, "refused"))
    yield (*asked, *allowed, "-vv", "--keep-undo", "--format=markdown", *reports(PLAN, "applied"))
    yield from in_all(PLAN, *asked, *allowed)
    yield ("apply", "saved.plan", *reports(PLAN, "saved"))


def looking_back(allowed: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """What runs wrote, to whom, and putting it back."""
    yield from in_both("history")
    yield from in_both("history", "--person=1")
    for name in ("email", "tag:Customer"):
        yield from in_both("why", "1", name)
        yield ("why", "1", name, "--offline")
    yield ("why", "1", "email", "--show-values")
    asked = ("undo", "last", "--auto-approve", "--clear-created", *allowed)
    yield (*asked, "-vv", *reports(PLAN, "undone"))
    yield from in_all(PLAN, *asked)
    yield from in_both("history")


def personal(example: Example, place: Path) -> Iterator[str]:
    """Every value of every person in the example's sources."""
    for file in place.glob("*.csv"):
        for row in csv.reader(file.read_text(encoding="utf-8").splitlines()[1:]):
            yield from row
    for file in place.glob("*.sql"):
        yield from re.findall(r"'([^']*)'", file.read_text(encoding="utf-8").partition("INSERT")[2])
    if example.name == "wordpress":
        users, meta = people(1000)
        yield from (str(value) for user in users for value in user.values())
        yield from (text for _, _, text in meta if text)


def canaries(example: Example, place: Path) -> list[bytes]:
    """The values by which somebody could be known, lower case: those of few that stand in no file of ours, and are no
    words of everybody's (`unknown`, `not an address`)."""
    written = "".join(file.read_text(encoding="utf-8") for file in place.glob("*.yaml")).lower()
    told = (value.strip() for value in personal(example, place))
    counts = Counter(value.lower() for value in told if not re.fullmatch(r"[a-z ]+|\d*", value))
    rare = [value for value, count in counts.items() if count <= FEW and len(value) >= 6]
    found = [value for value in rare if value not in written]
    return [value.encode() for value in (*found, *SECRETS, PLANTED.lower())]


def let_out(data: bytes, known: list[bytes]) -> list[bytes]:
    """Those that the text holds: as it is, with Markdown's and JSON's backslashes taken away, or as HTML."""
    plain = data.lower()
    text = html.unescape(plain.decode("utf-8", "replace")).replace("​", "").replace("\\", "").encode()
    return [canary for canary in known if canary in plain or canary in text]


class Sweep:
    """Runs commands in the folder of one example and looks at all that comes of each."""

    def __init__(self, place: Path, example: Example, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = place
        self.capture = capture
        self.example = example
        step = {"GITHUB_OUTPUT": str(place / "output.txt"), "GITHUB_STEP_SUMMARY": str(place / "summary.md")}
        self.env = {**os.environ, "GITHUB_ACTIONS": "true", **step}
        self.known = canaries(example, place)
        self.begun = set(place.rglob("*"))
        self.codes: dict[tuple[str, ...], int] = {}

    def run(self, *arguments: str) -> None:
        self.codes[arguments] = run(["-C", str(self.folder), "-f", self.example.file, *arguments], self.env)
        out, err = self.capture.readouterr()
        assert "error E999" not in err, (arguments, err)
        for printed in (out, err):
            assert let_out(printed.encode(), self.known) == [], (arguments, printed)
        for file in set(self.folder.rglob("*")) - self.begun:
            if file.is_file() and not OURS.fullmatch(file.name):
                assert let_out(file.read_bytes(), self.known) == [], (arguments, file)


def plant(place: Path) -> bool:
    """Somebody types a value into the embedded CRM; whether the example has one."""
    for file in place.glob("*.db"):
        with closing(LocalCrm(file, Clock.system())) as crm:
            keys = {field.key for field in crm.fields()} & {"first_name", "firstname", "city"}
            crm.update([(str(n), dict.fromkeys(keys, PLANTED)) for n in (1, 2, 3)])
            return bool(keys)
    return False


@every(*ALL)
def test_no_command_in_any_format_lets_a_value_of_an_example_out(
    folder: Path,  # noqa: F811, the fixture
    example: Example,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sweep = Sweep(folder, example, capsys)
    assert len(sweep.known) > 10
    for arguments in looking():
        sweep.run(*arguments)
    for arguments in applying(example.allowed):
        sweep.run(*arguments)
    planted = plant(folder)
    for arguments in (*again(), *looking_back(example.allowed)):
        sweep.run(*arguments)
    assert sweep.codes["plan", "--now", NOW, "--format=markdown"] == 0
    assert sweep.codes["plan", "--show-values"] == 1
    assert sweep.codes["why", "1", "email", "--show-values"] == 1
    assert sweep.codes["history", "--format=json"] == 0
    if planted:
        assert sweep.codes["drift", "--format=json"] == 2
    there = {path.name for path in folder.iterdir()}
    assert {f"{name}{FORMATS[form].suffix}" for name in ("plan", "applied") for form in formats_of(PLAN)} <= there
    assert {"output.txt", "summary.md", "saved.plan"} <= there


def test_every_command_is_swept_or_has_a_reason_not_to_be() -> None:
    swept = {arguments[0] for steps in (looking(), applying(()), looking_back(())) for arguments in steps}
    assert swept | set(NOT_SWEPT) == set(COMMANDS)
    assert not swept & set(NOT_SWEPT)


def test_a_value_is_found_however_it_is_written() -> None:
    known = [b"ada.lind@example.org", b"o'neil & sons"]
    for text in ("x Ada.Lind@Example.org", "ada.lind\\@example.org", "ada.lind\\@​example.org", "O&#39;Neil &amp; Sons"):
        assert let_out(text.encode(), known) != []
    assert let_out(b"nobody", known) == []
