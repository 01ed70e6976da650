"""Which adapters there are: our own by name, outside ones by entry point. Nothing is imported until it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

    from reconciler.adapters.crm import Crm
    from reconciler.adapters.source import Source


class CrmAdapter(Protocol):
    """What a CRM adapter's module offers as `ADAPTER`."""

    Options: type[BaseModel]

    def open(self, options: Any, base: Path, object: str) -> Crm:
        """`base`: the folder that relative paths of the file are relative to. Opens lazily; `connect` comes first."""


class SourceAdapter(Protocol):
    """What a source adapter's module offers as `ADAPTER`."""

    Options: type[BaseModel]

    def open(self, options: Any, base: Path) -> Source: ...


@dataclass(frozen=True, slots=True)
class Kind:
    """One door: its own adapters (name -> module) and the entry-point group of outside ones."""

    group: str
    own: Mapping[str, str]


CRM = Kind("reconciler.crm", {"local": "reconciler.adapters.local_options"})
SOURCE = Kind(
    "reconciler.source",
    {name: f"reconciler.adapters.{name}" for name in ("csv", "jsonl", "mysql", "parquet", "postgres", "sqlite")},
)


def names(kind: Kind) -> tuple[str, ...]:
    """All adapters of that kind that are installed, sorted."""
    return tuple(sorted({*kind.own, *(e.name for e in _outside(kind))}))


def find(kind: Kind, name: str) -> Any:
    """The adapter of that name. Raises KeyError if there is none."""
    if name in kind.own:
        return importlib.import_module(kind.own[name]).ADAPTER
    for entry in _outside(kind):
        if entry.name == name:
            return entry.load()
    raise KeyError(name)


def _outside(kind: Kind) -> EntryPoints:
    """Adapters of other distributions; reading what every distribution offers takes a while."""
    from importlib.metadata import entry_points

    return entry_points(group=kind.group)


class OptionsModels(Mapping[str, type[BaseModel]]):
    """Name -> options model of every installed adapter: what `cli` hands to `config`. An adapter is imported when its
    model is asked for."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind

    def __getitem__(self, name: str) -> type[BaseModel]:
        model: type[BaseModel] = find(self._kind, name).Options
        return model

    def __iter__(self) -> Iterator[str]:
        return iter(names(self._kind))

    def __len__(self) -> int:
        return len(names(self._kind))

    def __contains__(self, name: object) -> bool:
        return name in self._kind.own or name in names(self._kind)


def options_models(kind: Kind) -> Mapping[str, type[BaseModel]]:
    """The options models of all adapters of that kind, by name."""
    return OptionsModels(kind)
