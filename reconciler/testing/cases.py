"""`reconciler test`: the cases of a file of tests, played without network, secrets or a CRM.

A case has a plan, and the checks of the file say what they say of it; or it has people and contacts, and the file, as
it is but for its doors, plans over them with the embedded CRM in a folder that goes afterwards.
"""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reconciler.config.casefile import Case, file_checks, kept_sections, plain, read_cases
from reconciler.config.collect import Problems, shown
from reconciler.config.columns import named_columns
from reconciler.config.interpolate import Unneeded
from reconciler.config.tree import Mapping as Tree
from reconciler.config.tree import Node, Scalar
from reconciler.localcrm import LocalCrm
from reconciler.model.cases import CaseResult, Difference, Tested
from reconciler.model.clock import Clock
from reconciler.model.desired import PlanCheck
from reconciler.model.problems import Failure, Level, Place, Problem
from reconciler.report.document import plan_document
from reconciler.report.plan_checks import check_results, plan_shape
from reconciler.report.shapes import PlanDocument
from reconciler.testing.fragments import NOTHING, differences, read_document, read_part, whole_document
from reconciler.testing.scenarios import seed

SOME_DAY = date(2026, 1, 1)
"""The clock of cases that do not say theirs."""
_MOST_BYTES = 64 * 1024 * 1024
_ACCOUNT = "7e57ca5e"


def run_cases(file: Path, tests: Sequence[str]) -> Tested:
    """What the cases say of the file. `tests`: files of tests or patterns of their names; none: the one beside the
    file. Raises `Failure` with everything that is wrong with the file's checks or the tests, places included."""
    problems = Problems()
    checks = file_checks(file, plan_shape(), problems)
    paths = _paths(file, tests, problems)
    cases = [case for path in paths for case in read_cases(path, checks, problems)]
    plans = [_Given(case, problems) for case in cases]
    problems.raise_errors()
    results = tuple(_played(file, given, checks) for given in plans)
    for code in checks.keys() - {code for case in cases for code in case.fails}:
        problems.add("R333", f"no case lets {shown(code)} fail", checks[code].where)
    return Tested(tuple(map(str, paths)), len(checks), results, problems.in_order())


def beside(file: Path) -> Path:
    """Where the tests of a file stand unless somebody says otherwise."""
    return file.with_name(f"{file.stem}.test.yaml")


def _paths(file: Path, tests: Sequence[str], problems: Problems) -> list[Path]:
    if not tests:
        path = beside(file)
        if not path.exists():
            problems.add("E598", f"there is no {shown(str(path))}", Place(str(path)))
        return [path] if path.exists() else []
    found: list[Path] = []
    for name in tests:
        matched = [name] if Path(name).exists() or not glob.has_magic(name) else sorted(glob.glob(name, recursive=True))
        if not matched:
            problems.add("E598", f"{shown(name)} names no file", Place(name))
        found += [Path(one) for one in matched if Path(one) not in found]
    return found


class _Given:
    """A case with what stands in its nodes. `document`: the plan, where it is given."""

    def __init__(self, case: Case, problems: Problems) -> None:
        self.case = case
        self.document = _document(case, problems) if case.plan is not None else None
        self.expected = read_part(case.expect, problems) if case.expect is not None else None
        self.rows = [_row(node, problems) for node in case.people]
        self.crm = _crm(case.crm, problems) if case.crm is not None else {}


def _document(case: Case, problems: Problems) -> PlanDocument | None:
    node = case.plan
    if isinstance(node, Scalar):
        return _read_plan(case.folder / node.text, node, problems)
    before = len(problems.found)
    part = read_part(node, problems) if node is not None else {}
    return whole_document(part) if len(problems.found) == before and part is not NOTHING else None


def _read_plan(path: Path, node: Scalar, problems: Problems) -> PlanDocument | None:
    try:
        with path.open("rb") as stream:
            document = read_document(json.loads(stream.read(_MOST_BYTES)))
    except OSError:
        problems.add(
            "E596", f"{shown(node.text)} cannot be opened", node.where, "paths are relative to the file of tests"
        )
        return None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        problems.add("E596", f"{shown(node.text)} holds no plan", node.where)
        return None
    if document.outcome == "error":
        problems.add("E596", f"{shown(node.text)} says why there was no plan", node.where)
        return None
    return document


def _row(node: Node, problems: Problems) -> dict[str, str | None]:
    if not isinstance(node, Tree):
        problems.add(
            "E113", "a person is a mapping of columns to texts", node.where, "write {id: 1, email: a@example.org}"
        )
        return {}
    wrong = [pair.value for pair in node.items.values() if not isinstance(pair.value, Scalar)]
    for value in wrong:
        problems.add("E113", "a column holds a text", value.where, 'quote a list or JSON: \'["a", "b"]\'')
    return {} if wrong else plain(node)


_CRM_KEYS = ("fields", "tags", "contacts")


def _crm(node: Node, problems: Problems) -> dict[str, Any]:
    if not isinstance(node, Tree):
        problems.add("E113", "`crm` is a mapping", node.where, "write {fields: {...}, tags: [...], contacts: [{...}]}")
        return {}
    for key in node.items:
        if key not in _CRM_KEYS:
            fix = problems.meant(key, _CRM_KEYS) or f"its keys are {', '.join(_CRM_KEYS)}"
            problems.add("E111", f"`crm` has no key {shown(key)}", node.place_of(key), fix)
    found: dict[str, Any] = plain(node)
    return found


def _played(file: Path, given: _Given, checks: Mapping[str, PlanCheck]) -> CaseResult:
    case = given.case
    if given.document is not None:
        return CaseResult(case.name, case.where, tuple(_differences(given, given.document, checks)))
    with TemporaryDirectory(prefix="reconciler-test-") as folder:
        try:
            found = _differences(given, _planned(file, given, Path(folder)), checks)
            return CaseResult(case.name, case.where, tuple(found))
        except Failure as failure:
            said = (_no_plan(p, case, file, folder) for p in failure.problems if p.level is Level.ERROR)
            return CaseResult(case.name, case.where, tuple(said))


def _no_plan(found: Problem, case: Case, file: Path, folder: str) -> Difference:
    """Why the file came to no plan, in its own line; or in that of the case, where the case is why."""
    there = found.where
    if there is None or there.file.startswith(folder):
        there = case.where
    return Difference(found.code, _sentence(found.summary, found.detail), _as_named(there, file))


def _as_named(place: Place, file: Path) -> Place:
    """The place in a file beside the tested one, by the name by which that is known."""
    beside = f"{file.absolute().parent}{os.sep}"
    return place._replace(file=str(file.parent / place.file.removeprefix(beside)))


def _sentence(summary: str, detail: str) -> str:
    return f"{summary}: {detail}" if detail else summary


def _differences(given: _Given, document: PlanDocument, checks: Mapping[str, PlanCheck]) -> Iterator[Difference]:
    case = given.case
    results = {result.code: result for result in check_results(checks, document)}
    for code, where in case.fails.items():
        if results[code].passed:
            yield Difference(code, "passed, and must fail", where)
    for code, where in case.passes.items():
        if not results[code].passed:
            why = f" ({results[code].detail})" if results[code].detail else ""
            yield Difference(code, f"failed, and must pass{why}", where)
    if case.expect is not None:
        yield from differences(case.expect, given.expected, document.model_dump(mode="json"))


def _planned(file: Path, given: _Given, folder: Path) -> PlanDocument:
    """The plan of the file over the case's people and contacts, made in that folder."""
    from reconciler.runtime import pipeline

    day = given.case.now or SOME_DAY
    clock = Clock.fixed(datetime(day.year, day.month, day.day, tzinfo=UTC))
    path = _derived(file, folder)
    _people(path, folder, given.rows)
    if given.crm:
        with closing(LocalCrm(folder / "crm.db", clock, token=lambda: _ACCOUNT)) as crm:
            seed(crm, given.crm)
    request = pipeline.Request(path, Unneeded(), clock, lambda count: b"\x07" * count)
    document = plan_document(replace(pipeline.plan(request), file=str(file))).model_dump_json()
    beside, named = (json.dumps(f"{there}{os.sep}")[1:-1] for there in (file.absolute().parent, file.parent))
    return PlanDocument.model_validate_json(document.replace(beside, "" if file.parent == Path() else named))


def _derived(file: Path, folder: Path) -> Path:
    """A file that is the tested one but for its doors: they are taken out, and others put in."""
    kept = {key: plain(node) for key, node in kept_sections(file, Problems()).items()}
    without = {"version": 1, "extends": str(file.absolute()), "crm": None, "source": None}
    object = {"object": kept.pop("object")} if "object" in kept else {}
    source = {"type": "jsonl", "path": "people.jsonl", "write": True, **kept}
    crm = {"type": "local", "path": "crm.db", **object}
    _write(folder / "without-doors.yaml", without)
    path = folder / "reconciler.yaml"
    _write(path, {"version": 1, "extends": "without-doors.yaml", "crm": crm, "source": source, "snapshot": False})
    return path


def _write(path: Path, sections: Mapping[str, Any]) -> None:
    """JSON of one section a line is YAML."""
    lines = [f"{key}: {json.dumps(value)}" for key, value in sections.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _people(path: Path, folder: Path, rows: Sequence[Mapping[str, str | None]]) -> None:
    """The rows with every column that the file names: what a case does not say of a person is empty."""
    from reconciler.adapters.registry import CRM, SOURCE, options_models
    from reconciler.config import load

    desired = load(path, Unneeded(), options_models(CRM), options_models(SOURCE), digested=False)
    empty = dict.fromkeys(sorted(named_columns(desired)))
    lines = [json.dumps({**empty, **row}, ensure_ascii=False) for row in rows]
    (folder / "people.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
