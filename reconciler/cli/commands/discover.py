"""`reconciler discover`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.doors import door_options, typed_doors
from reconciler.cli.requests import bare_request, format_option, wrong_values
from reconciler.cli.settings import Settings, global_options
from reconciler.model.messages import problem
from reconciler.model.problems import Failure

if TYPE_CHECKING:
    from reconciler.model.discovery import Discovery


@click.command("discover")
@door_options
@format_option()
@click.option("--all", is_flag=True, help="Columns that programs keep for themselves, too.")
@click.option("--yaml", is_flag=True, help="Only the YAML to paste.")
@click.option("--show-values", is_flag=True, help="The values of small enumerations; at a terminal only.")
@global_options(hidden=True)
@click.pass_obj
def command(settings: Settings, /, format: str, all: bool, yaml: bool, show_values: bool, **doors: Any) -> None:
    """Show what the source's columns hold, and which CRM fields they may fill.

    Of each column: the type that reads its values, how full it is, the shape of the values, never a value. Then
    `fields` to paste. Source and CRM are those of the file, or those that are named.

    The columns of a WordPress site stand below the program that keeps them (WooCommerce, LearnDash, ACF ...). What
    programs keep for themselves is hidden without --all.

    \b
    Examples:
      reconciler discover
      reconciler discover --source people.csv
      reconciler discover --source people.csv --crm local:crm.db --yaml
      reconciler discover --source csv:export.txt --option delimiter=';'
      reconciler discover --source csv --option path='${env:PEOPLE_FILE}'
      reconciler discover --source wordpress --option url='${env:SITE_DB}'
      reconciler discover --source wordpress --option url='${env:SITE_DB}' --all
    """
    from reconciler.runtime.discovering import Look

    typed = typed_doors(**doors)
    typed.problems += wrong_values(settings, show_values, format)
    if yaml and format == "json":
        typed.problems.append(problem("E903", "`--yaml` and `--format json`", fix="give one of them; the JSON has it"))
    if typed.problems:
        raise Failure(typed.problems)
    wanted = bare_request(settings)
    try:
        found = settings.program().look_around(wanted, Look(typed.crm, typed.source, show_values, all)).found
    finally:
        wanted.progress.done()
    _print(settings, found, format, yaml)


def _print(settings: Settings, found: Discovery, format: str, yaml: bool) -> None:
    from reconciler.config.writing import fields_block
    from reconciler.report.discovery import discovery_document, discovery_text
    from reconciler.report.document import to_json

    block = "\n".join(fields_block(found)) + "\n"
    if format == "json":
        settings.print(to_json(discovery_document(found, block, file=settings.file)) + "\n")
    else:
        settings.print(block if yaml else discovery_text(found, settings.page()) + "\n" + block)
