"""From the command line to what the program is asked for; and how commands may print."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from reconciler.cli.output import is_terminal
from reconciler.cli.reports import refuse_clashes
from reconciler.cli.settings import F, Settings
from reconciler.model.clock import Clock
from reconciler.model.messages import problem
from reconciler.model.problems import Problem


def format_option(*more: str) -> Callable[[F], F]:
    """`--format`: text, json, or one of those that only this command has."""
    names = list(dict.fromkeys(("text", "json", *more)))
    return click.option("--format", type=click.Choice(names), default="text", help="What stdout gets. Default: text.")


def wrong_values(settings: Settings, asked: bool, form: str, saved: bool = False) -> list[Problem]:
    """Whether values are to be shown where they may not be: elsewhere than as text at a terminal of a person, or beside
    a file that is written of the same plan. `saved`: the plan itself is."""
    elsewhere = settings.ci or form != "text" or settings.reports or saved or not is_terminal(sys.stdout)
    return [problem("E906")] if asked and elsewhere else []


def bare_request(settings: Settings, **more: Any) -> Any:
    """A request about the file with nothing else asked for."""
    refuse_clashes(settings)
    settings.enter_directory()
    return settings.program().Request(
        file=Path(settings.file),
        env=settings.env,
        clock=Clock.system(),
        state_dir=Path(settings.state) if settings.state else None,
        token_bytes=os.urandom,
        progress=settings.progress(),
        events=settings.events,
        **more,
    )
