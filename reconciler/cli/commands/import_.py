"""`reconciler import`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.doors import TypedDoors, door_options, identity_options, typed_doors, typed_identity
from reconciler.cli.requests import bare_request
from reconciler.cli.settings import Options, Settings, global_options, option_table
from reconciler.model.messages import problem
from reconciler.model.problems import Failure

if TYPE_CHECKING:
    from reconciler.config.wp_fusion import Translated

_ELSEWHERE: Options = (
    (
        ("--from", "origin"),
        {"type": click.Choice(["wp-fusion"]), "help": "Take over another program's settings instead."},
    ),
    (
        ("--settings", "export"),
        {"metavar": "FILE", "help": "Its export. Default: what lies in the database of --source."},
    ),
)


@click.command("import")
@door_options
@identity_options
@option_table(_ELSEWHERE)
@click.option("-o", "--output", metavar="FILE", help="Write there instead of to stdout.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@global_options(hidden=True)
@click.pass_obj
def command(
    settings: Settings, /, origin: str | None, export: str | None, output: str | None, force: bool, **typed: Any
) -> None:
    """Print the fields and tags that a CRM has, as a file whose plan is empty.

    With --source it is a whole file: who is who is found out or told, and what the columns may fill stands in
    comments. Without, it has `fields` and `tags` only, for another file to build on: `extends: crm.yaml`. Without
    --crm the CRM is that of the file, and what the file declares already is left out.

    With --from wp-fusion the file does what WP Fusion's settings do, and names at its end what has no equivalent. Keys,
    tokens and passwords in them are dropped unread. They are read from an export (--settings), or from the database
    of a WordPress site (--source); with --source, what no user of the site has is left out. The CRM is not asked.

    \b
    Examples:
      reconciler import --crm local:crm.db --source people.csv -o reconciler.yaml
      reconciler import --crm local:crm.db -o crm.yaml
      reconciler import --crm local --option path='${env:CRM_FILE}'
      reconciler import
      reconciler import --from wp-fusion --settings wpf-settings.csv -o reconciler.yaml
      reconciler import --from wp-fusion --source wordpress --option url='${env:WORDPRESS_DATABASE_URL}'
    """
    told = typed_identity(typed)
    doors = typed_doors(**typed).checked()
    target = Path(output) if output else None
    folder = target.parent if target else Path()
    if origin is None and export is not None:
        raise Failure(problem("E903", "`--settings` says nothing without `--from`", fix="add `--from wp-fusion`"))
    if origin is None:
        text, said = _inventory(settings, doors, told, folder), ""
    else:
        if told.person or told.email or told.match:
            what = "`--person`, `--email` and `--match` do not go with `--from`: the settings say who is who"
            raise Failure(problem("E903", what, fix="leave them out"))
        made = _wp_fusion(settings, doors, export, folder)
        text, said = made.text, _summary(made)
    if target is None:
        settings.print(text)
    else:
        settings.program().write_new(target, text, force)
    if target or said:
        wrote = f"Wrote {target}" if target else "Made"
        settings.print(f"{wrote}: {said}.\n" if said else f"{wrote}.\n", to_stderr=True)


def _inventory(settings: Settings, doors: TypedDoors, told: Any, folder: Path) -> str:
    from reconciler.runtime.discovering import Look

    wanted = bare_request(settings)
    try:
        text: str = settings.program().import_inventory(wanted, Look(doors.crm, doors.source), told, folder)
    finally:
        wanted.progress.done()
    return text


def _wp_fusion(settings: Settings, doors: TypedDoors, export: str | None, folder: Path) -> Translated:
    from reconciler.runtime.importing import Asked

    wanted = bare_request(settings)
    asked = Asked(Path(export) if export else None, doors.crm, doors.source)
    try:
        made: Translated = settings.program().import_wp_fusion(wanted, asked, folder)
    finally:
        wanted.progress.done()
    return made


def _summary(made: Translated) -> str:
    fields = f"{made.fields} field{'s' if made.fields != 1 else ''}"
    tags = f"{made.tags} tag rule{'s' if made.tags != 1 else ''}"
    return f"{fields}, {tags}; at its end stand {len(made.report)} things that are otherwise than in WP Fusion"
