"""`reconciler import`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.doors import door_options, identity_options, typed_doors, typed_identity
from reconciler.cli.requests import bare_request
from reconciler.cli.settings import Settings, global_options


@click.command("import")
@door_options
@identity_options
@click.option("-o", "--output", metavar="FILE", help="Write there instead of to stdout.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@global_options(hidden=True)
@click.pass_obj
def command(settings: Settings, /, output: str | None, force: bool, **typed: Any) -> None:
    """Print the fields and tags that a CRM has, as a file whose plan is empty.

    With --source it is a whole file: who is who is found out or told, and what the columns may fill stands in
    comments. Without, it has `fields` and `tags` only, for another file to build on: `extends: crm.yaml`. Without
    --crm the CRM is that of the file, and what the file declares already is left out.

    \b
    Examples:
      reconciler import --crm local:crm.db --source people.csv -o reconciler.yaml
      reconciler import --crm local:crm.db -o crm.yaml
      reconciler import --crm local --option path='${env:CRM_FILE}'
      reconciler import
    """
    from reconciler.runtime.discovering import Look

    told = typed_identity(typed)
    doors = typed_doors(**typed).checked()
    wanted = bare_request(settings)
    target = Path(output) if output else None
    try:
        look, folder = Look(doors.crm, doors.source), target.parent if target else Path()
        text = settings.program().import_inventory(wanted, look, told, folder)
    finally:
        wanted.progress.done()
    if target is None:
        settings.print(text)
        return
    settings.program().write_new(target, text, force)
    settings.print(f"Wrote {target}.\n", to_stderr=True)
