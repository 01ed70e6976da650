"""Every file in `broken/` says in its first lines which problems it has: `# expect: CODE LINE`, and no others."""

import re
from pathlib import Path

import pytest

from reconciler.model.messages import MESSAGES
from reconciler.model.problems import Failure, Level, Problem

FILES = sorted((Path(__file__).parent / "broken").glob("*.yaml"))
CUT = [path for path in FILES if "expect: E116" in path.read_text(encoding="utf-8")]


def problems_in(path: Path, load_path) -> tuple[Problem, ...]:
    with pytest.raises(Failure) as caught:
        load_path(path)
    return caught.value.problems


def expected(path: Path) -> list[tuple[str, int]]:
    text = path.read_text(encoding="utf-8")
    return [(code, int(line)) for code, line in re.findall(r"^# expect: (\w+) (\d+)$", text, re.M)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_broken_file_has_exactly_the_problems_that_it_announces(path, load_path):
    assert [(p.code, p.where.line) for p in problems_in(path, load_path)] == expected(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_problem_says_where_why_and_what_to_do(path, load_path):
    for problem in problems_in(path, load_path):
        assert problem.where is not None
        assert problem.where.file == str(path)
        assert problem.detail
        assert problem.fix
        assert problem.summary == MESSAGES[problem.code].summary
        assert problem.level is Level.ERROR


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_problem_shows_the_text_of_a_secret(path, load_path):
    with pytest.raises(Failure) as caught:
        load_path(path)
    assert "canary" not in repr(caught.value.problems)
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("path", CUT, ids=lambda path: path.stem)
def test_the_quoted_line_of_a_cut_expression_can_be_pasted_as_it_is(path, load_path, load_text):
    (problem,) = problems_in(path, load_path)
    lines = path.read_text(encoding="utf-8").splitlines()
    indent = re.match(r"\s*", lines[problem.where.line - 1]).group()
    lines[problem.where.line - 1] = indent + problem.fix.removeprefix("write ")
    left: tuple[Problem, ...] = ()
    try:
        load_text("\n".join(lines), head=False)
    except Failure as failure:
        left = failure.problems
    assert {p.code for p in left} <= {"E117"}, "it may still be wrong, but YAML cuts it no longer"


def test_the_files_cover_every_code_of_the_file_that_a_text_file_can_cause():
    seen = {code for path in FILES for code, _ in expected(path)}
    by_bytes_or_levels = {"E101", "E102", "E103", "E107", "E130", "E131", "E132", "R107", "R108", "R110"}
    by_the_source = {"R123", "R132"}
    assert {code for code in MESSAGES if code[:2] in ("E1", "R1")} - seen == by_bytes_or_levels | by_the_source
