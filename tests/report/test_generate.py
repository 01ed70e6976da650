"""The generator of schemas and reference pages."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from reconciler.testing.generate import generated, main, stale, write


def test_what_was_written_is_current_and_written_once(tmp_path: Path) -> None:
    assert write(tmp_path) == sorted(generated())
    assert stale(tmp_path) == []
    assert write(tmp_path) == []


def test_check_names_each_stale_file_and_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path)
    (tmp_path / "docs/types.md").write_text("old", encoding="utf-8")
    (tmp_path / "schemas/plan.v1.json").unlink()
    assert main(["--check"], tmp_path) == 1
    assert capsys.readouterr().err.splitlines() == ["stale: docs/types.md", "stale: schemas/plan.v1.json"]
    assert (tmp_path / "docs/types.md").read_text(encoding="utf-8") == "old"
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0


@pytest.mark.parametrize("name", ["adapters", "config", "doctor", "plan", "runs", "status", "validation"])
def test_every_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(generated()[f"schemas/{name}.v1.json"]))
