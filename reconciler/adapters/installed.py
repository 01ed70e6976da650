"""What the installed adapters are and can do, as data, without opening anything.

An adapter of another package may fail to be imported: that is a row with its reason, never an error. The text of a
foreign exception is not shown; its kind is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from reconciler.adapters.registry import Kind, find, names, package
from reconciler.model.capabilities import Capabilities, Writes


@dataclass(frozen=True, slots=True)
class Installed:
    """One adapter. `package`: the distribution it comes with, "" for ours. `trouble`: why there is no more to say, ""
    if nothing is wrong. `options` None: it could not be imported. `capabilities` None: a source, or a CRM that tells
    them only once it is open. `writes`: of a source, where it says so."""

    name: str
    package: str = ""
    options: type[BaseModel] | None = None
    capabilities: Capabilities | None = None
    writes: Writes | None = None
    trouble: str = ""


def installed(kind: Kind, own: bool = False) -> tuple[Installed, ...]:
    """All adapters of that kind by name; `own`: only those that come with this program."""
    return tuple(described(kind, name) for name in (sorted(kind.own) if own else names(kind)))


def described(kind: Kind, name: str) -> Installed:
    """The adapter of that name, which is one of `names(kind)`."""
    of = package(kind, name)
    try:
        adapter = find(kind, name)
    except Exception as error:  # whatever foreign code raises while it is imported
        return Installed(name, of, trouble=_not_imported(error))
    options = getattr(adapter, "Options", None)
    if not (isinstance(options, type) and issubclass(options, BaseModel)):
        return Installed(name, of, trouble="it is no adapter: its `Options` are missing")
    try:
        return Installed(name, of, options, _capabilities(adapter), _writes(adapter))
    except Exception as error:
        return Installed(name, of, options, trouble=f"its abilities cannot be read ({type(error).__name__})")


def _capabilities(adapter: Any) -> Capabilities | None:
    """What the adapter says of itself (`CrmAdapter.capabilities`, which is optional)."""
    tell = getattr(adapter, "capabilities", None)
    told = tell(None) if callable(tell) else None
    return told if isinstance(told, Capabilities) else None


def _writes(adapter: Any) -> Writes | None:
    told = getattr(adapter, "writes", None)
    return told if isinstance(told, Writes) else None


def _not_imported(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"it cannot be imported: the module `{error.name}` is not installed"
    return f"it cannot be imported ({type(error).__name__})"
