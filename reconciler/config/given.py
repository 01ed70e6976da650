"""Doors before there is a file, as a command line names them; or out of a file of which nothing else is needed yet."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel

from reconciler.config.collect import Problems
from reconciler.config.compose import Composer
from reconciler.config.doors import read_crm, read_source
from reconciler.config.interpolate import Interpolation
from reconciler.config.shorthand import expand_field
from reconciler.config.tree import Mapping, Pair, Scalar, SourceFile, is_null
from reconciler.model.desired import Door

Models = AnyMapping[str, type[BaseModel]]

COMMAND_LINE = "the command line"


@dataclass(frozen=True, slots=True)
class Given:
    """A door as it was typed: the adapter, and its options as the file would have them (`${env:NAME}` as it stands)."""

    type: str
    options: AnyMapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Doors:
    """`declared`: field that the file declares -> the column that fills it, or None. `tags`: names under `tags`."""

    crm: Door | None = None
    source: Door | None = None
    declared: AnyMapping[str, str | None] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()


def doors_given(
    crm: Given | None, source: Given | None, folder: Path, env: AnyMapping[str, str], models: tuple[Models, Models]
) -> Doors:
    """The doors that were typed, checked as those of a file are. `models`: of CRMs and of sources.

    Raises Failure with all problems.
    """
    typed = {name: given for name, given in (("crm", crm), ("source", source)) if given is not None}
    file = SourceFile(COMMAND_LINE, folder, "")
    root = _mapping(file, {name: _door(file, given) for name, given in typed.items()})
    problems = Problems()
    Interpolation(env, problems).fill(root)
    return _read(root, models, problems)


def doors_of(path: Path, env: AnyMapping[str, str], models: tuple[Models, Models]) -> Doors:
    """The doors of the file at `path`, and what it maps already; a section that is not there yet is no error.

    Raises Failure with all problems of these sections.
    """
    problems = Problems()
    return _read(Composer(problems).filled(path, env), models, problems)


def _read(root: Mapping, models: tuple[Models, Models], problems: Problems) -> Doors:
    crm = None if is_missing(root, "crm") else read_crm(root, models[0], problems)
    source = None if is_missing(root, "source") else read_source(root, models[1], problems).door
    problems.raise_errors()
    return Doors(crm, source, _declared(root), frozenset(_items(root, "tags")))


def is_missing(root: Mapping, section: str) -> bool:
    node = root.get(section)
    return node is None or is_null(node)


def _declared(root: Mapping) -> dict[str, str | None]:
    return {key: _column(pair) for key, pair in _items(root, "fields").items()}


def _column(pair: Pair) -> str | None:
    node = expand_field(pair.value)
    column = node.get("from") if isinstance(node, Mapping) else None
    return column.text if isinstance(column, Scalar) else None


def _items(root: Mapping, section: str) -> AnyMapping[str, Pair]:
    node = root.get(section)
    return node.items if isinstance(node, Mapping) else {}


def _door(file: SourceFile, given: Given) -> Mapping:
    texts = {"type": given.type, **given.options}
    return _mapping(file, {key: Scalar(file, 0, 0, text) for key, text in texts.items()})


def _mapping(file: SourceFile, nodes: AnyMapping[str, Scalar] | AnyMapping[str, Mapping]) -> Mapping:
    return Mapping(file, 0, 0, {key: Pair(Scalar(file, 0, 0, key), node) for key, node in nodes.items()})
