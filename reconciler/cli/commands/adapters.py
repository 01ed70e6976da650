"""`reconciler adapters`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.requests import format_option
from reconciler.cli.settings import Settings, global_options
from reconciler.model.messages import problem
from reconciler.model.names import near_matches
from reconciler.model.problems import Failure

if TYPE_CHECKING:
    from reconciler.report.shapes import AdaptersDocument


@click.command("adapters")
@click.argument("name", required=False)
@format_option()
@global_options(hidden=True)
@click.pass_obj
def command(settings: Settings, name: str | None, format: str) -> None:
    """Show which CRMs and sources there are, and what each can do.

    With a name: its abilities with the reason for each that it lacks, how types are stored, how many items a call
    takes, and its options. Nothing is opened. Adapters of other packages are listed, too.

    \b
    Examples:
      reconciler adapters
      reconciler adapters local
      reconciler adapters --format json
    """
    document = _document(name)
    if format == "json":
        from reconciler.report.document import to_json

        settings.print(to_json(document) + "\n")
        return
    from reconciler.report.adapters import adapter_text, adapters_text

    page = settings.page()
    if name is None:
        settings.print(adapters_text(document, page))
        return
    texts = [adapter_text("CRM", row, page) for row in document.crms]
    texts += [adapter_text("source", row, page) for row in document.sources]
    settings.print("\n".join(texts))


def _document(name: str | None) -> AdaptersDocument:
    from reconciler.adapters.installed import described, installed
    from reconciler.adapters.registry import CRM, SOURCE, names
    from reconciler.report.adapters import adapters_document

    if name is None:
        return adapters_document(installed(CRM), installed(SOURCE))
    found = [[described(kind, name)] if name in names(kind) else [] for kind in (CRM, SOURCE)]
    if not any(found):
        known = (*names(CRM), *names(SOURCE))
        near = ", ".join(f"`{n}`" for n in near_matches(name, known) or known)
        raise Failure(problem("E524", f"`{name}`", fix=f"one of {near}, or install the package that has it"))
    return adapters_document(*found)
