"""From the command line to what the program is asked for; and how commands may print."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from reconciler.cli.settings import Settings
from reconciler.model.clock import Clock

FORMAT = click.Choice(["text", "json"])


def bare_request(settings: Settings, **more: Any) -> Any:
    """A request about the file with nothing else asked for."""
    settings.enter_directory()
    return settings.program().Request(
        file=Path(settings.file),
        env=settings.env,
        clock=Clock.system(),
        state_dir=Path(settings.state) if settings.state else None,
        token_bytes=os.urandom,
        progress=settings.progress(),
        **more,
    )
