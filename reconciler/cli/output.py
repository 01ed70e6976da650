"""What the terminal gets: results on stdout, everything else on stderr, colour by the sign at the start of a line."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from typing import TextIO

from reconciler.model.messages import problem
from reconciler.model.problems import Failure

_STYLES: Mapping[str, str] = {
    "+": "green",
    "~": "yellow",
    "-": "red",
    ">": "cyan",
    "=": "cyan",
    "!": "magenta",
    "?": "magenta",
    ".": "bright_black",
    "error": "bold red",
    "warning": "yellow",
    "warn": "yellow",
    "fail": "bold red",
    "skip": "bright_black",
}
_NARROWEST = 60
_SIGN = r"(?:  ([+~>=!?.-]) \S)|(?:(?:Findings|Checks) +|  +)?(error|warning) [A-Za-z][A-Za-z0-9-]|(warn|fail|skip)  \S"


def prepare_streams() -> None:
    """UTF-8 under every locale; a sign that cannot be written is shown as its escape."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def in_ci(env: Mapping[str, str]) -> bool:
    return env.get("CI", "").lower() not in {"", "0", "false"}


def wants_colour(stream: TextIO | None, env: Mapping[str, str], no_color: bool) -> bool:
    """Colour is for terminals whose owner did not ask to be spared."""
    return not (no_color or env.get("NO_COLOR") or env.get("TERM") == "dumb") and is_terminal(stream)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person reads there. A stream that was closed before the start is None."""
    return stream is not None and stream.isatty()


def width_of(stream: TextIO | None, widest: int) -> int:
    """The columns of the terminal, at most `widest`; `widest` elsewhere, so that files do not depend on a window."""
    if stream is None or not stream.isatty():
        return widest
    try:
        found = os.get_terminal_size(stream.fileno()).columns
    except OSError:
        return widest
    return min(max(found, _NARROWEST), widest) if found else widest


def emit(text: str, colour: bool = False, to_stderr: bool = False) -> None:
    """Writes the text. A reader that went away (`| head`) is no error: the rest is dropped. Raises `Failure` E910 for
    a result that cannot be written; there is nobody to tell that of stderr."""
    stream = sys.stderr if to_stderr else sys.stdout
    if stream is None:
        if to_stderr:
            return
        raise Failure(problem("E910", "standard output is closed"))
    try:
        if colour:
            _coloured(text, stream)
        else:
            stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _drop(stream)
    except OSError:
        _drop(stream)
        if not to_stderr:
            raise Failure(problem("E910")) from None


def _coloured(text: str, stream: TextIO) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, markup=False, soft_wrap=True)
    for line in text.splitlines():
        console.print(Text(line, style=style_of(line)))


def style_of(line: str) -> str:
    """The rich style of one line of a report; "" for plain."""
    found = re.match(_SIGN, line)
    return _STYLES[found.group(1) or found.group(2) or found.group(3)] if found else ""


def _drop(stream: TextIO) -> None:
    """Python flushes its streams once more at exit; what is left then goes nowhere instead of failing."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
