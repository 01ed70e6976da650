"""WP Fusion's export of its settings: two columns without a header, a name and a value, which PHP may have serialised.

Rows that are not kept are not decoded, and nothing but whether they are filled leaves this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.files import watched
from reconciler.adapters.wordpress.serialised import LONGEST, Unserialisable, is_serialised, unserialised
from reconciler.model.messages import problem
from reconciler.model.problems import Failure, Place, Problem
from reconciler.model.wp_fusion import KEPT, Plain, Settings, holds_userinfo, sieved

_CELL = r'[ \t]*+(?:"(?P<{0}>[^"]*+(?:""[^"]*+)*+)"|(?P<{0}_bare>[^",\r\n]*+))[ \t]*+'
_ROW = re.compile(f"\\s*+{_CELL.format('name')},{_CELL.format('value')}(?:\r\n|\r|\n|\\Z)")
_NOTHING = frozenset(("", "0", "a:0:{}", 'a:1:{i:0;s:0:"";}', "b:0;", "i:0;", "N;", 's:0:"";', 's:1:"0";', "false"))
_OF_FILE = {
    "E401": "there is none",
    "E402": "it is no regular file",
    "E403": "the system refused to open it",
    "E404": "the system reported an error while it was read",
    "E405": "it changed while it was read",
}


def settings_of_csv(path: Path) -> Settings:
    """What is kept of the file's settings. Raises Failure with everything that is wrong with it."""
    file = str(path)
    text = _text(path, file)
    values: dict[str, Plain] = {}
    problems: list[Problem] = []
    for line, name, written in _rows(text, file):
        try:
            values[name] = _value(name, written)
        except Unserialisable as why:
            problems.append(problem("E939", f"`{name}` {why}", Place(file, line)))
    if problems:
        raise Failure(problems)
    if "contact_fields" not in values:
        raise Failure(problem("E937", "none of its rows is `contact_fields`", Place(file, 1)))
    return sieved(values)


def _text(path: Path, file: str) -> str:
    try:
        with watched(path) as handle:
            data = handle.read(LONGEST + 1)
    except SourceFailed as failed:
        raise Failure(problem("E938", _OF_FILE[failed.code], Place(file))) from None
    if len(data) > LONGEST:
        raise Failure(problem("E938", f"it is larger than {LONGEST // 1024 // 1024} MiB", Place(file)))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Failure(problem("E938", "it is not UTF-8", Place(file, line))) from None
    if not text.strip():
        raise Failure(problem("E937", "it is empty", Place(file, 1)))
    return text


def _rows(text: str, file: str) -> Iterator[tuple[int, str, str]]:
    """Line, name and value of each row."""
    at, line = 0, 1
    end = len(text.rstrip())
    while at < end:
        found = _ROW.match(text, at)
        if found is None:
            detail = "no two columns stand there, or a quote is not closed"
            raise Failure(problem("E937", detail, Place(file, line)))
        yield line, _cell(found, "name"), _cell(found, "value")
        line += text.count("\n", at, found.end())
        at = found.end()


def _cell(found: re.Match[str], name: str) -> str:
    quoted = found[name]
    return (found[f"{name}_bare"] if quoted is None else quoted.replace('""', '"')).strip()


def _value(name: str, written: str) -> Plain:
    """The setting's value; of one that is not kept only whether it is filled, or an address by which it is dropped."""
    if name not in KEPT:
        return written if holds_userinfo(written) else written not in _NOTHING
    return unserialised(written) if is_serialised(written) else written
