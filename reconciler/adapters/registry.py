"""Which adapters there are: our own by name, outside ones by entry point. Nothing is imported until it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from pydantic import BaseModel

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

    from reconciler.adapters.crm import Crm
    from reconciler.adapters.opening import Opening
    from reconciler.adapters.source import Source
    from reconciler.model.capabilities import Capabilities


class CrmAdapter(Protocol):
    """What a CRM adapter's module offers as `ADAPTER`; see also `TellsCapabilities`."""

    Options: type[BaseModel]

    def open(self, options: Any, opening: Opening, object: str) -> Crm:
        """Opens lazily; `connect` comes first. One call per kind of object that the file names."""


class TellsCapabilities(Protocol):
    """What a CRM adapter may offer, so that it can be looked at before it is opened."""

    def capabilities(self, options: Any | None) -> Capabilities:
        """What the CRM can do under these options; None: under those that a file leaves out. Opens nothing."""


class SourceAdapter(Protocol):
    """What a source adapter's module offers as `ADAPTER`."""

    Options: type[BaseModel]

    def open(self, options: Any, opening: Opening) -> Source:
        """Opens lazily: nothing is touched before the source is asked."""


class Kind(NamedTuple):
    """One door: its own adapters (name -> module) and the entry-point group of outside ones."""

    group: str
    own: Mapping[str, str]


CRM = Kind(
    "reconciler.crm",
    {name: f"reconciler.adapters.{name}.options" for name in ("bottlecrm", "hubspot", "local")},
)
SOURCE = Kind(
    "reconciler.source",
    {name: f"reconciler.adapters.{name}" for name in ("csv", "jsonl", "mysql", "parquet", "postgres", "sqlite")}
    | {"wordpress": "reconciler.adapters.wordpress.options"},
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


def package(kind: Kind, name: str) -> str:
    """The distribution that the adapter comes with and its version; "" for our own and where it does not say."""
    if name in kind.own:
        return ""
    found = next((entry.dist for entry in _outside(kind) if entry.name == name), None)
    return f"{found.name} {found.version}" if found is not None else ""


def by_ending(kind: Kind, ending: str) -> str | None:
    """The adapter that reads files with that ending (`.csv`): the one of that name, or one whose `endings` has it."""
    wanted = ending.removeprefix(".").lower()
    known = names(kind)
    if not wanted or wanted in known:
        return wanted or None
    return next((name for name in known if wanted in getattr(find(kind, name), "endings", ())), None)


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
