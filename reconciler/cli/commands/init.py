"""`reconciler init`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.asking import Asker, asked_doors
from reconciler.cli.doors import TypedDoors, door_options, identity_options, typed_doors, typed_identity
from reconciler.cli.requests import bare_request
from reconciler.cli.settings import Settings, global_options
from reconciler.model.messages import problem
from reconciler.model.problems import Failure

if TYPE_CHECKING:
    from reconciler.runtime.discovering import Seen
    from reconciler.runtime.starting import Told


@click.command("init")
@door_options
@identity_options
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@global_options(hidden=True)
@click.pass_obj
def command(settings: Settings, /, force: bool, **typed: Any) -> None:
    """Write a first file: from your answers, your source and your CRM.

    Looks at the source's columns and at the CRM's fields, maps what is sure, and leaves the rest in comments. It
    creates nobody and writes nothing to the CRM. At a terminal it asks for what no option says.

    \b
    Examples:
      reconciler init
      reconciler init --crm local:crm.db --source people.csv
      reconciler -f north.yaml init --crm local:crm.db --source people.csv --person id
      reconciler init --crm local --option crm.path='${env:CRM_FILE}' --source people.csv
    """
    from reconciler.runtime.discovering import Look

    told = typed_identity(typed)
    doors = typed_doors(**typed).checked()
    wanted = bare_request(settings)
    program = settings.program()
    if wanted.file.exists() and not force:
        raise Failure(problem("E921", f"`{settings.file}`"))
    asker = Asker() if settings.at_terminal else None
    doors = _complete(doors, asker)
    look = Look(doors.crm, doors.source)
    try:
        seen = program.look_around(wanted, look)
    finally:
        wanted.progress.done()
    if asker:
        told = _confirmed(asker, seen, told)
    program.write_new(wanted.file, program.start(seen, look, told, wanted.file.parent), force)
    _, problems = program.validate(wanted, offline=False)
    _say(settings, seen, problems)


def _complete(typed: TypedDoors, asker: Asker | None) -> TypedDoors:
    """Both doors. Raises Failure when one is missing and nobody can be asked."""
    if asker:
        return asked_doors(typed, asker).checked()
    missing = [name for name, door in (("--crm", typed.crm), ("--source", typed.source)) if door is None]
    if missing:
        named = " and ".join(f"`{name}`" for name in missing)
        fix = f"give {named}; --option, --person, --email and --match where they are needed"
        raise Failure(problem("E920", f"there is no terminal to ask at, and {named} is missing", fix=fix))
    return typed


def _confirmed(asker: Asker, seen: Seen, told: Told) -> Told:
    """Who is who, asked for where it was not told."""
    columns = [column.name for column in seen.found.columns]
    if not (told.person and told.email):
        asker.show("Its columns", columns)
    person = told.person or asker.choose("Which column names a person for ever?", columns, seen.found.person)
    email = told.email or asker.choose("Which column holds the e-mail address?", columns, seen.found.email)
    return replace(told, person=person, email=email)


def _say(settings: Settings, seen: Seen, problems: Sequence[Any]) -> None:
    from reconciler.report.discovery import started_text
    from reconciler.report.problems import problems_text

    page = settings.page()
    settings.print(problems_text(problems, page.width) + started_text(settings.file, seen.found, page))
