"""Doors as options of a command line: `--crm`, `--source` and `--option`, for whichever adapters are installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.cli.settings import Options, option_table
from reconciler.model.messages import problem
from reconciler.model.names import near_matches
from reconciler.model.problems import Failure, Problem

if TYPE_CHECKING:
    from reconciler.adapters.registry import Kind
    from reconciler.config.given import Given
    from reconciler.runtime.starting import Told

_OPTIONS: Options = (
    (("--crm",), {"metavar": "TYPE[:PATH]", "help": "The CRM: an adapter, and its file if it is one."}),
    (("--source",), {"metavar": "FILE|TYPE[:PATH]", "help": "Where people come from: a file, or an adapter."}),
    (
        ("--option", "options"),
        {
            "multiple": True,
            "metavar": "[crm.|source.]KEY=VALUE",
            "help": "An option of the adapter; may be repeated. A secret is written '${env:NAME}'.",
        },
    ),
)
_WHO: Options = (
    (("--person",), {"metavar": "COLUMN", "help": "The column that names a person for ever, such as an id."}),
    (("--email",), {"metavar": "COLUMN", "help": "The column that holds the e-mail address."}),
    (("--match",), {"metavar": "FIELD", "help": "The CRM field to look people up by. Default: its e-mail field."}),
)


door_options = option_table(_OPTIONS)
identity_options = option_table(_WHO)


@dataclass(slots=True)
class TypedDoors:
    """The two doors as they were typed, taken apart; `problems`: everything that is wrong with them."""

    crm: Given | None
    source: Given | None
    problems: list[Problem]

    def checked(self) -> TypedDoors:
        """Itself. Raises Failure with all problems."""
        if self.problems:
            raise Failure(self.problems)
        return self


def typed_doors(crm: str | None, source: str | None, options: Sequence[str]) -> TypedDoors:
    """What `--crm`, `--source` and `--option` say. Nothing that was typed is quoted: it may be a secret."""
    from reconciler.adapters.registry import CRM, SOURCE

    problems: list[Problem] = []
    typed = {"crm": crm, "source": source}
    own = _own_options(options, [name for name, text in typed.items() if text], problems)
    made = {
        name: _given(kind, name, text, own[name], problems) if text else None
        for (name, text), kind in zip(typed.items(), (CRM, SOURCE), strict=True)
    }
    return TypedDoors(made["crm"], made["source"], problems)


def typed_identity(typed: dict[str, Any]) -> Told:
    """What the options of `identity_options` say; they are taken out of `typed`."""
    from reconciler.runtime.starting import Told

    return Told(typed.pop("person"), typed.pop("email"), typed.pop("match"))


def _own_options(options: Sequence[str], named: Sequence[str], problems: list[Problem]) -> Mapping[str, dict[str, str]]:
    """The options by door: `crm.token=...`; without a door in front they are those of the only one that is named."""
    found: dict[str, dict[str, str]] = {"crm": {}, "source": {}}
    for at, text in enumerate(options, 1):
        address, equals, value = text.partition("=")
        door, dot, key = address.partition(".")
        if not dot or door not in found:
            door, key = named[0] if len(named) == 1 else "", address
        if not equals or not key:
            problems.append(problem("E903", f"`--option`, the {_nth(at)}: KEY=VALUE is wanted"))
        elif door not in named:
            fix = "write crm.KEY=VALUE or source.KEY=VALUE, and name that door with --crm or --source"
            problems.append(problem("E903", f"`--option`, the {_nth(at)}: whose option is it?", fix=fix))
        else:
            found[door][key] = value
    return found


def _nth(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")


def _given(kind: Kind, name: str, text: str, options: dict[str, str], problems: list[Problem]) -> Given | None:
    """The adapter by its name, `NAME:PATH`, or by the ending of a file."""
    from reconciler.adapters.registry import by_ending, find, names
    from reconciler.config.given import Given

    head, colon, path = text.partition(":")
    type = head if head in names(kind) else by_ending(kind, Path(text).suffix)
    if type is None:
        near = " or ".join(f"`{known}`" for known in near_matches(head, names(kind)))
        meant = f"did you mean {near}? " if near else ""
        fix = f"{meant}installed: {', '.join(names(kind))}; write one of them, or one and a file as in `TYPE:PATH`"
        what = f"`--{name}`: no adapter of that name, and no file whose ending names one"
        problems.append(problem("E903", what, fix=fix))
        return None
    if head == type and not colon:
        return Given(type, options)
    if "path" not in find(kind, type).Options.model_fields:
        problems.append(
            problem("E903", f"`--{name}`: `{type}` is no file", fix="give its options with --option KEY=VALUE")
        )
        return None
    return Given(type, {"path": path if head == type else text, **options})
