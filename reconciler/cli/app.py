"""The command line: which commands there are, and how everything that leaves one becomes words and an exit code."""

from __future__ import annotations

import importlib
import keyword
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from reconciler.cli import exits
from reconciler.cli.failures import report_failure, unexpected, usage_problem
from reconciler.cli.interrupts import Interrupts
from reconciler.cli.output import prepare_streams
from reconciler.cli.settings import Settings, global_options
from reconciler.model.clock import Clock
from reconciler.model.messages import problem
from reconciler.model.names import near_matches
from reconciler.model.problems import Exit, Failure

COMMANDS: Mapping[str, str] = {
    "init": "Write a first file: from your answers, your source and your CRM.",
    "import": "Print the fields and tags that a CRM has, as a file whose plan is empty.",
    "discover": "Show what the source's columns hold, and which CRM fields they may fill.",
    "validate": "Check the file, the environment and the source's columns; never the CRM.",
    "test": "Play the tests of the file and its checks; no CRM, no network, no secrets.",
    "plan": "Show what an apply would do. Writes nothing to the CRM.",
    "apply": "Do what the plan says, after asking.",
    "drift": "Show what others moved in the CRM since the last apply, and what the next one does about it.",
    "show": "Show the last plan or a run again, without touching source or CRM.",
    "why": "Say why a field or tag of one person is as it is: the file, the plan, the runs that wrote it.",
    "undo": "Put back what a run wrote, where the CRM still holds it, after asking.",
    "history": "List the runs, or what they wrote to one person.",
    "status": "Show what is remembered about the file: account, links, last run.",
    "doctor": "Check everything that a run needs: program, file, source, CRM, state folder.",
    "emulate": "Serve the API of a CRM on this machine, for rehearsals without an account.",
    "adapters": "Show which CRMs and sources there are, and what each can do.",
    "fmt": "Lay the file out in its canonical form; comments stay.",
    "schema": "Print the JSON Schema of the file, or of what --format json prints.",
    "explain": "Explain a code or a rule; without one, list them all.",
}


def _imported(name: str) -> click.Command | None:
    if name not in COMMANDS:
        return None
    module = f"{name}_" if keyword.iskeyword(name) else name
    found: click.Command = importlib.import_module(f"reconciler.cli.commands.{module}").command
    found.epilog = "-f FILE, -C DIR and the other options of `reconciler --help` may stand here, too."
    return found


class Commands(click.Group):
    """Commands by name; each is imported when it is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002, click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002, click's signature
        return _imported(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        settings: Settings = ctx.find_root().obj
        settings.command = args[0]
        if args[0] not in COMMANDS:
            near = ", ".join(f"`{name}`" for name in near_matches(args[0], COMMANDS))
            raise Failure(problem("E901", f"`{args[0]}`" + (f"; did you mean {near}?" if near else "")))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002, the same
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


_EPILOG = """\b
Examples:
  reconciler init --crm local:crm.db --source people.csv
  reconciler validate
  reconciler plan
  reconciler -f north.yaml apply
  reconciler plan --format json --detailed-exitcode

Options may stand before or after the command.
"""


@click.group(
    cls=Commands,
    invoke_without_command=True,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@global_options(hidden=False)
@click.option("--version", is_flag=True, help="Print the version.")
@click.pass_context
def app(context: click.Context, version: bool) -> None:
    """Terraform for the people in a CRM: one file, one plan, one apply."""
    if version:
        from reconciler import __version__

        click.echo(f"reconciler {__version__}")
        context.exit()
    if context.invoked_subcommand is None:
        if context.obj.given:
            raise Failure(problem("E904", "options, and no command", fix="see `reconciler --help`"))
        click.echo(context.get_help())


def _pipeline() -> Any:
    return importlib.import_module("reconciler.runtime.pipeline")


def run_process(arguments: Sequence[str]) -> int:
    """`run` for a process of its own: streams, warnings and foreign loggers are set up for good."""
    import gc
    import logging
    import warnings

    prepare_streams()
    warnings.simplefilter("ignore")  # what a library warns of may quote data
    logging.getLogger().addHandler(logging.NullHandler())  # the same for what it logs
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"  # and a plugin would be handed every value of the file
    code = run(arguments, os.environ)
    if "duckdb" not in sys.modules:  # which complains when what it made is not collected
        gc.freeze()  # what is left goes with the process: nothing has to look through it once more
    return code


def run(arguments: Sequence[str], env: Mapping[str, str], program: Callable[[], Any] = _pipeline) -> int:
    """Runs one command line and gives its exit code. `program`: what stands behind the commands."""
    settings = Settings(env, program, Interrupts(), arguments=arguments)
    with settings.interrupts.watching():
        try:
            code = app.main(list(arguments), prog_name="reconciler", standalone_mode=False, obj=settings)
            return settings.end(code if isinstance(code, int) else exits.DONE)
        except Exception as error:
            failure = _failure(error, settings)
        except KeyboardInterrupt:
            failure = Failure(problem("E908"), Exit.INTERRUPTED)
        finally:
            settings.leave()
        report_failure(settings, failure, arguments, Clock.system().now())
        return settings.end(exits.OF_FAILURE[failure.exit], failure.exit.value)


def _failure(error: Exception, settings: Settings) -> Failure:
    if isinstance(error, Failure):
        return error
    if isinstance(error, click.UsageError):
        return Failure(usage_problem(error, _imported(settings.command) or app))
    if settings.interrupts.asked or isinstance(error, click.Abort):
        # Engines answer a Ctrl-C that reaches them with an error of their own.
        return Failure(problem("E908"), Exit.INTERRUPTED)
    return Failure(unexpected(error, settings.verbose))
