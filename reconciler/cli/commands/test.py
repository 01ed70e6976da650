"""`reconciler test`."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import exits
from reconciler.cli.requests import format_option
from reconciler.cli.settings import Settings, global_options


@click.command("test")
@click.argument("tests", metavar="[TESTS]...", nargs=-1)
@format_option()
@global_options(hidden=True)
@click.pass_obj
def command(settings: Settings, tests: tuple[str, ...], format: str) -> int:
    """Play the tests of the file and its checks; no CRM, no network, no secrets.

    TESTS are files of tests, or patterns of their names; without any, the one beside the file: reconciler.test.yaml
    beside reconciler.yaml. A case gives a plan, or a part of one, and says which checks it fails and passes; or it
    gives people and contacts, and says what the file plans for them. Exits with 1 if a case is not as it says.

    \b
    Examples:
      reconciler test
      reconciler -f north.yaml test
      reconciler test 'tests/*.yaml' --format json
    """
    from reconciler.report.cases import cases_document, cases_text, succeeded
    from reconciler.testing.cases import run_cases

    settings.enter_directory()
    tested = run_cases(Path(settings.file), tests)
    if format == "json":
        from reconciler.report.document import to_json

        settings.print(to_json(cases_document(settings.file, tested)) + "\n")
    else:
        settings.print(cases_text(tested, settings.page()))
    return exits.DONE if succeeded(tested) else exits.ERROR
