"""What is promised of the embedded CRM holds on an emulated HubSpot account, too: over the wire, in its own shapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hubspot_stand import OnHubSpot, told
from ruamel.yaml import YAML

from reconciler.testing.scenarios import run

FILES = ["two-way", "values", "more-values", "identity", "types"]
OTHERWISE = {
    "row 1, an unknown expression pushes nothing": "its fields are HubSpot's own, with labels of their own",
    "a date, a checkbox and a number are written as the column writes them": "a choice has to be an option",
    "a renamed field keeps what was agreed on under its former name": "properties are not renamed",
    "values overwritten in a renamed field count for the limit": "properties are not renamed",
    "a rewritten value of a renamed field is not sent again": "properties are not renamed",
    "points that are no whole number do not go into a field of whole numbers": "numbers are of one kind",
    "a value that was changed in a lead is pulled": "no leads",
}
"""Name -> why it is another story there."""
HERE = Path(__file__).parent
SCENARIOS: list[dict[str, Any]] = [
    scenario
    for name in FILES
    for scenario in YAML(typ="base").load((HERE / f"{name}.yaml").read_text(encoding="utf-8"))
    if "merged" not in scenario.get("before", {})  # HubSpot does not tell who was merged into whom
]


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if s["name"] not in OTHERWISE], ids=lambda s: s["name"])
def test_a_scenario_holds_on_hubspot(scenario: dict[str, Any], tmp_path: Path) -> None:
    quirks = scenario.get("world", {}).get("crm", {}).get("quirks", {})
    assert run(told(scenario), tmp_path, stand=OnHubSpot(tmp_path, quirks.get("rewrites", {}))) == []
