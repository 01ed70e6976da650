"""`reconciler schema`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import click

from reconciler.cli.settings import Settings, global_options
from reconciler.report.document import SHAPES, schema, to_json


@click.command("schema")
@click.argument("name", type=click.Choice(["config", *SHAPES]), default="config")
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
    bodies: dict[str, Callable[[], dict[str, Any]]] = {shape: partial(schema, shape) for shape in SHAPES}
    settings.print(to_json(bodies.get(name, _config_schema)()) + "\n")


def _config_schema() -> dict[str, Any]:
    from reconciler.adapters.registry import CRM, SOURCE, options_models
    from reconciler.config import config_schema

    body: dict[str, Any] = config_schema(options_models(CRM), options_models(SOURCE))
    return body
