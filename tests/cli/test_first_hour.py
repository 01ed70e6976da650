"""`discover`, `import` and `init` as they are typed: what comes out where, and what is asked at a terminal."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.test_process import SCRIPT, Screen, finished
from tests.report.json_schema import parsed

PEOPLE = "id,email,Vorname,geboren,stufe\n" + "".join(
    f"{n},p{n}@example.org,Name {n},{10 + n % 19}.0{1 + n % 8}.1980,{'gold' if n % 2 else 'silver'}\n"
    for n in range(30)
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    return tmp_path


def said(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return finished(str(SCRIPT), "-C", str(folder), *arguments, **env)


class Terminal(Screen):
    """The installed command at a terminal, answered as it asks."""

    def __init__(self, folder: Path, *arguments: str, **env: str) -> None:
        super().__init__(*arguments, program=[str(SCRIPT)], folder=folder, **env)

    def answer(self, question: str, text: str) -> None:
        end, begun = time.monotonic() + 30, len(self.text)
        while question not in self.text[begun:] and time.monotonic() < end and self._read():
            pass
        assert question in self.text[begun:]
        self.type(f"{text}\n")


def test_the_first_hour_ends_in_a_plan(folder: Path) -> None:
    looked = said(folder, "discover", "--source", "people.csv")
    assert (looked.returncode, looked.stderr) == (0, "")
    assert "birthday: {from: geboren, type: date, format: DD.MM.YYYY}" in looked.stdout
    begun = said(folder, "init", "--crm", "local:crm.db", "--source", "people.csv")
    assert (begun.returncode, begun.stderr) == (0, "")
    assert begun.stdout.startswith("Wrote reconciler.yaml: people.csv into local, 2 columns of 5 mapped or proposed.\n")
    assert "reconciler -C" in begun.stdout
    assert said(folder, "validate").stdout == "reconciler.yaml is valid: 2 fields.\n"
    planned = said(folder, "plan", "--detailed-exitcode")
    assert planned.returncode == 0
    assert "30 without a contact" in planned.stdout


def test_an_imported_file_has_an_empty_plan(folder: Path) -> None:
    wrote = said(folder, "import", "--crm", "local:crm.db", "--source", "people.csv", "-o", "reconciler.yaml")
    assert (wrote.returncode, wrote.stdout, wrote.stderr) == (0, "", "Wrote reconciler.yaml.\n")
    assert said(folder, "plan", "--detailed-exitcode").returncode == 0
    again = said(folder, "import", "--crm", "local:crm.db", "-o", "reconciler.yaml")
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.startswith("error E921")
    assert said(folder, "import", "--crm", "local:crm.db", "-o", "reconciler.yaml", "--force").returncode == 0


def test_the_yaml_alone_is_what_can_be_pasted(folder: Path) -> None:
    block = said(folder, "discover", "--source", "people.csv", "--yaml").stdout
    assert block.startswith("fields:\n  email: email\n  first_name: Vorname\n")


def test_json_is_one_object_of_its_schema_errors_included(folder: Path) -> None:
    document = parsed(said(folder, "discover", "--source", "people.csv", "--format", "json").stdout)
    assert (document["outcome"], document["person"], document["email"]) == ("discovered", "id", "email")
    assert {c["name"]: c["field"] for c in document["columns"]} == {
        "id": None,
        "email": "email",
        "Vorname": "first_name",
        "geboren": "birthday",
        "stufe": None,
    }
    for source, more, code in (("nope.csv", (), "E401"), ("people.csv", ("--yaml",), "E903")):
        wrong = parsed(said(folder, "discover", "--source", source, "--format", "json", *more).stdout)
        assert (wrong["outcome"], [p["code"] for p in wrong["problems"]]) == ("error", [code])


def test_a_file_is_known_by_its_ending(folder: Path) -> None:
    (folder / "people.ndjson").write_text(
        '{"id": "1", "email": "a@example.org"}\n{"id": "2", "email": "b@example.org"}\n'
    )
    assert "email: email" in said(folder, "discover", "--source", "people.ndjson", "--yaml").stdout
    (folder / "people.txt").write_text(PEOPLE.replace(",", ";"))
    typed = ("discover", "--source", "csv:people.txt", "--option", "delimiter=;", "--yaml")
    assert "first_name: Vorname" in said(folder, *typed).stdout


WRONG = [
    ("init", "E920", "`--crm` and `--source` is missing"),
    ("init --crm local:crm.db", "E920", "`--source` is missing"),
    ("init --crm local:crm.db --source people.csv --person nr", "E923", "`id`"),
    ("discover", "E920", "no reconciler.yaml"),
    ("discover --crm local:crm.db", "E920", "--source FILE"),
    ("discover --source people.xyz", "E903", "no file whose ending names one"),
    ("discover --source local:x", "E903", "installed: "),
    ("import --crm locl:crm.db", "E903", "did you mean `local`?"),
    ("discover --source people.csv --option delimiter=;", "E418", "--option delimiter"),
    ("discover --source people.csv --option delimiter", "E903", "KEY=VALUE is wanted"),
    ("discover --source people.csv --option crm.path=x", "E903", "whose option is it?"),
    ("discover --source people.csv --crm local:crm.db --option path=x", "E903", "whose option is it?"),
    ("discover --source people.csv --option delimitr=;", "E111", "did you mean `delimiter`?"),
    ("discover --source people.csv --show-values", "E906", "at a terminal"),
    ("import", "E920", "no reconciler.yaml"),
    ("import --source people.csv", "E920", "--crm TYPE"),
    ("import --crm local", "E112", "`crm.path` is missing"),
    ("import --crm local:crm.db -o no/x.yaml", "E922", "check the folder"),
]


@pytest.mark.parametrize(("line", "code", "words"), WRONG)
def test_what_is_wrong_has_a_code_and_a_way_out_and_nothing_is_written(
    folder: Path, line: str, code: str, words: str
) -> None:
    done = said(folder, *line.split())
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error {code}")
    assert words in done.stderr
    assert [file.name for file in folder.iterdir()] == ["people.csv"]


def test_a_file_that_is_there_is_not_touched_and_nothing_is_asked(folder: Path) -> None:
    (folder / "reconciler.yaml").write_text("mine\n")
    done = said(folder, "init", "--crm", "local:crm.db", "--source", "people.csv")
    assert done.stderr.startswith("error E921")
    assert (folder / "reconciler.yaml").read_text() == "mine\n"
    assert said(folder, "init", "--crm", "local:crm.db", "--source", "people.csv", "--force").returncode == 0


def test_a_secret_that_is_typed_is_not_repeated(folder: Path) -> None:
    for line in (["--source", "canary://u:canary@h"], ["--source", "people.csv", "--option", "password=canary"]):
        done = said(folder, "discover", *line)
        assert done.returncode == 1
        assert "canary" not in done.stdout + done.stderr


def test_at_a_terminal_what_is_missing_is_asked_until_it_can_be_used(folder: Path) -> None:
    terminal = Terminal(folder, "init")
    terminal.answer("Which CRM?", "nope")
    terminal.answer("Which CRM?", "local")
    terminal.answer("path", "crm.db")
    terminal.answer("Where do your people come from?", "people.csv")
    terminal.answer("names a person for ever? [id]", "idd")
    terminal.answer("Did you mean id?", "")
    terminal.answer("e-mail address? [email]", "")
    assert terminal.end() == 0, terminal.text
    assert "Wrote reconciler.yaml" in terminal.text
    assert "identity: {person: id, match: email}" in (folder / "reconciler.yaml").read_text()


def test_the_end_of_the_answers_writes_nothing(folder: Path) -> None:
    terminal = Terminal(folder, "init")
    terminal.answer("Which CRM?", "local:crm.db")
    terminal.answer("Where do your people come from?", "\x04")
    assert terminal.end() == 130
    assert not (folder / "reconciler.yaml").exists()


def test_in_ci_nothing_is_asked_even_at_a_terminal(folder: Path) -> None:
    terminal = Terminal(folder, "init", CI="true")
    assert terminal.end() == 1
    assert "E920" in terminal.text


def test_values_of_enumerations_are_shown_at_a_terminal(folder: Path) -> None:
    terminal = Terminal(folder, "discover", "--source", "people.csv", "--show-values")
    assert terminal.end() == 0
    assert "{gold, silver}" in terminal.text
    assert "options: [gold, silver]" in terminal.text
    assert "p7@example.org" not in terminal.text
    refused = Terminal(folder, "discover", "--source", "people.csv", "--show-values", CI="1")
    assert refused.end() == 1
    assert "gold" not in refused.text
