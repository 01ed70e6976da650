"""`reconciler schema`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from reconciler.cli.settings import Settings, global_options

NAMES = ("config", "plan", "validation", "status", "discovery", "adapters", "doctor", "runs")


@click.command("schema")
@click.argument("name", type=click.Choice(NAMES), default="config")
@global_options(hidden=True)
@click.pass_obj
def command(settings: Settings, name: str) -> None:
    """Print the JSON Schema of the file, or of what --format json prints.

    `config`, the default, is the file's: it covers every adapter that is installed. `plan` is that of plan, apply and
    show, `runs` that of show --list.

    \b
    Examples:
      reconciler schema config > config.schema.json
      reconciler schema plan
    """
    from reconciler.report.document import schema, to_json

    bodies: dict[str, Callable[[], dict[str, Any]]] = {
        "config": _config_schema,
        "plan": lambda: schema("plan"),
        "validation": lambda: schema("validation"),
        "status": lambda: schema("status"),
        "discovery": lambda: schema("discovery"),
        "adapters": lambda: schema("adapters"),
        "doctor": lambda: schema("doctor"),
        "runs": lambda: schema("runs"),
    }
    settings.print(to_json(bodies[name]()) + "\n")


def _config_schema() -> dict[str, Any]:
    from reconciler.adapters.registry import CRM, SOURCE, options_models
    from reconciler.config import config_schema

    body: dict[str, Any] = config_schema(options_models(CRM), options_models(SOURCE))
    return body
