"""`reconciler fmt`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.settings import Settings, global_options
from reconciler.model.messages import problem
from reconciler.model.problems import Failure

if TYPE_CHECKING:
    from reconciler.runtime.formatting import Formatted

_STDIN = "-"


@click.command("fmt")
@click.argument("files", metavar="[FILE...]", nargs=-1)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change.")
@global_options(hidden=True)
@click.pass_obj
def command(settings: Settings, files: tuple[str, ...], check: bool, diff: bool) -> None:
    """Lay the file out in its canonical form; what it says and its comments stay.

    Sections and keys come in the order of the documentation, expressions in single quotes, blocks indented by two
    spaces. Without FILE it is that of -f; `-` reads standard input and writes standard output.

    \b
    Examples:
      reconciler fmt
      reconciler fmt north.yaml south.yaml
      reconciler fmt --check --diff
      cat north.yaml | reconciler fmt -
    """
    settings.enter_directory()
    piped = _STDIN in files
    if piped and len(files) > 1:
        raise Failure(problem("E904", "`-` stands alone", fix="format files, or standard input"))
    made = (
        _of_stdin(settings) if piped else settings.program().format_files([Path(f) for f in files or [settings.file]])
    )
    changed = [formatted for formatted in made if formatted.changed]
    if diff:
        settings.print("".join(map(_difference, changed)))
    elif piped and not check:
        settings.print("".join(formatted.after.decode() for formatted in made))
    if check and changed:
        raise Failure([problem("E131", where=formatted.differs_at) for formatted in changed])
    if not (check or diff or piped):
        _write(settings, changed)


def _of_stdin(settings: Settings) -> tuple[Formatted, ...]:
    if sys.stdin is None:
        raise Failure(problem("E904", "standard input is closed", fix="name a file"))
    return (settings.program().format_content(sys.stdin.buffer.read(), "standard input"),)


def _write(settings: Settings, changed: Iterable[Formatted]) -> None:
    from reconciler.report.words import plain

    for formatted in changed:
        settings.program().write_formatted(formatted)
        settings.print(plain(f"formatted {formatted.name}") + "\n")


def _difference(formatted: Formatted) -> str:
    from reconciler.report.difference import unified

    return unified(formatted.name, formatted.before, formatted.after)
