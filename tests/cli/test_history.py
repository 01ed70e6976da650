"""`history`, `why` and `undo` at the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cli.app import run
from tests.cli.test_story import FILE, PEOPLE
from tests.report.json_schema import parsed

Capture = pytest.CaptureFixture[str]
OTHERS = PEOPLE.replace("Lind", "Lindgren")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("reconciler.yaml").write_text(FILE)
    Path("people.csv").write_text(PEOPLE)


def printed(capsys: Capture, line: str, code: int = 0) -> str:
    assert run(line.split(), {}) == code
    out, err = capsys.readouterr()
    assert (err == "") is (code == 0)
    return out


def first_person() -> str:
    return PEOPLE.splitlines()[1].split(",")[0]


def field_of_the_file() -> str:
    return "email"


def test_history_lists_what_show_lists(capsys: Capture) -> None:
    assert "no run is remembered" in printed(capsys, "history")
    printed(capsys, "apply --auto-approve")
    assert printed(capsys, "history") == printed(capsys, "show --list")
    document = parsed(printed(capsys, "history --format json"))
    assert document == parsed(printed(capsys, "show --list --format json"))
    (row,) = document["runs"]
    assert (row["command"], row["undoable"], row["changed"]) == ("apply", False, False)
    assert document["writes"] is None


def test_history_of_a_person_names_what_each_run_wrote(capsys: Capture) -> None:
    assert "nothing is remembered of this person" in printed(capsys, f"history {first_person()}")
    printed(capsys, "apply --auto-approve")
    text = printed(capsys, f"history {first_person()}")
    assert "+  contact" in text
    assert "created  written" in text
    document = parsed(printed(capsys, f"history --person {first_person()} --format json"))
    assert [row["run"] for row in document["runs"]] == [document["writes"][0]["run"]]
    assert document["writes"][0]["act"] == "create"


def test_a_person_is_named_once(capsys: Capture) -> None:
    assert printed(capsys, "history 1 --person 2", 1) == ""
    assert parsed(printed(capsys, "history 1 --person 2 --format json", 1))["outcome"] == "error"


def test_why_is_a_page_and_an_object(capsys: Capture) -> None:
    printed(capsys, "apply --auto-approve")
    asked = f"why {first_person()} {field_of_the_file()}"
    text = printed(capsys, asked)
    assert "row 3 of the decision table: both are equal -> in sync" in text
    assert text.endswith("Since      the CRM holds what that run left\n")
    document = parsed(printed(capsys, f"{asked} --format json"))
    assert (document["outcome"], document["now"]["row"], document["since"]) == ("told", "3", "same")
    offline = parsed(printed(capsys, f"{asked} --offline --format json"))
    assert (offline["now"], offline["since"]) == (None, "nothing")
    assert offline["writes"] == document["writes"]


@pytest.mark.parametrize("line", ["why nobody email", "why 1 nothing", "why 1 tag:nothing"])
def test_what_why_cannot_answer_is_a_problem_in_text_and_json(capsys: Capture, line: str) -> None:
    assert printed(capsys, line, 1) == ""
    document = parsed(printed(capsys, f"{line} --format json", 1))
    assert (document["format"], document["outcome"]) == ("reconciler-why/1", "error")


def test_values_are_shown_at_a_terminal_only(capsys: Capture) -> None:
    assert printed(capsys, "why 1 email --show-values", 1) == ""


def test_an_undo_prints_its_plan_and_what_it_did_and_the_file_still_says_the_same(capsys: Capture) -> None:
    printed(capsys, "apply --auto-approve --keep-undo")
    assert "can be undone until" in printed(capsys, "history")
    assert run(["undo", "last", "--auto-approve", "--clear-created", "--allow", "clear=99"], {}) == 0
    text = capsys.readouterr().out
    assert "undo of run" in text
    assert "put back" in text
    assert "warning E612" in text
    assert "is undone (run " in text
    run_of_undo = text.rpartition("(run ")[2].partition(")")[0]
    assert "undo of run" in printed(capsys, f"show {run_of_undo}")
    assert "undo of 2" in " ".join(printed(capsys, "history").split())


def test_an_undo_is_one_object_as_an_apply_is(capsys: Capture) -> None:
    printed(capsys, "apply --auto-approve --keep-undo")
    out = printed(capsys, "undo last --auto-approve --clear-created --format json --allow clear=99")
    document = parsed(out)
    assert (document["mode"], document["outcome"]) == ("apply", "applied")
    assert document["undoes"] != document["run"]
    assert {row["cause"] for row in document["fields"]} == {"undo"}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("undo last", 1),  # nobody can be asked
        ("undo last --auto-approve --allow clear=x", 1),
        ("undo 1999 --auto-approve", 1),
        ("undo", 1),
    ],
)
def test_what_cannot_be_undone_is_a_problem_in_text_and_json(capsys: Capture, line: str, code: int) -> None:
    printed(capsys, "apply --auto-approve")
    assert printed(capsys, line, code) == ""
    document = parsed(printed(capsys, f"{line} --format json", code))
    assert (document["mode"], document["outcome"]) == ("apply", "error")


def test_a_limit_refuses_an_undo_with_its_exit_code(capsys: Capture) -> None:
    printed(capsys, "apply --auto-approve --keep-undo")
    assert run(["undo", "last", "--auto-approve", "--clear-created"], {}) == 3
    assert "--allow clear=" in capsys.readouterr().out
