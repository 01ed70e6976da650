from pathlib import Path
from typing import Any

import pytest
from test_scenarios import SCENARIOS
from hubspot_stand import OnHubSpot, told
from reconciler.testing.scenarios import run


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[s["name"] for s in SCENARIOS])
def test_scenario_on_hubspot(scenario: dict[str, Any], tmp_path: Path) -> None:
    quirks = scenario.get("world", {}).get("crm", {}).get("quirks", {})
    assert run(told(scenario), tmp_path, stand=OnHubSpot(tmp_path, quirks.get("rewrites", {}))) == []
