"""What we write for code scanning, held against the standard's own schema."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from servers.npm import out_of

from reconciler.model.outcome import Result
from reconciler.report.annotations import sarif
from reconciler.report.document import plan_document
from reconciler.report.remarks import remarks
from tests.report.plans import EMPTY
from tests.report.test_markdown import DRIFT, crowded, outcome
from tests.report.test_remarks import HERE, MARKED

PACKAGE = "@microsoft/jest-sarif@1.0.0-beta.0"
DIGEST = "A1fOhPd6Ic5iDk4F9YPw1qNB4XF+7+IviR7xl8r2F6QzQkx5cpY9LsGk2rExiFIEcBbjpVnSmwWGBukASkiQ9A=="
SCHEMA = "package/lib/schemas/sarif-2.1.0-rtm.5.json"


@pytest.fixture(scope="module")
def standard() -> Any:
    """A validator of the standard's schema."""
    schema = json.loads(out_of(PACKAGE, DIGEST, SCHEMA, "the schema of SARIF").read_text(encoding="utf-8"))
    return jsonschema.validators.validator_for(schema)(schema)


@pytest.mark.parametrize(
    "document",
    [plan_document(EMPTY), plan_document(MARKED), plan_document(crowded(30)), outcome(Result.PARTIAL), DRIFT],
    ids=["empty", "marked", "crowded", "outcome", "drift"],
)
def test_what_we_write_for_code_scanning_is_sarif(standard: Any, document: Any) -> None:
    standard.validate(sarif(remarks(document), HERE))


def test_the_schema_refuses_what_is_no_sarif(standard: Any) -> None:
    log = sarif((), HERE)
    log["runs"][0]["unknown"] = 1
    assert not standard.is_valid(log)
