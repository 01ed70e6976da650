"""Every scenario of this folder, by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from reconciler.testing.scenarios import run

SCENARIOS: list[dict[str, Any]] = [
    scenario
    for file in sorted(Path(__file__).parent.glob("*.yaml"))
    for scenario in YAML(typ="base").load(file.read_text(encoding="utf-8"))
]
TWO_WAY = [scenario for scenario in SCENARIOS if "pull: true" in scenario["desired"]]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[s["name"] for s in SCENARIOS])
def test_scenario(scenario: dict[str, Any], tmp_path: Path) -> None:
    assert run(scenario, tmp_path) == []


@pytest.mark.parametrize("scenario", TWO_WAY, ids=[s["name"] for s in TWO_WAY])
def test_scenario_of_both_ways_without_a_copy_of_the_contacts(scenario: dict[str, Any], tmp_path: Path) -> None:
    assert run(scenario, tmp_path, snapshot=False) == []


def test_no_two_scenarios_have_one_name() -> None:
    names = [s["name"] for s in SCENARIOS]
    assert len(set(names)) == len(names) >= 45
