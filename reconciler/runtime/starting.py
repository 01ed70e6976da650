"""The first file: what was seen behind two doors becomes text, and the text a file that was not there before."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.config.given import Given
from reconciler.config.writing import Live, Start, imported_file, starting_file
from reconciler.model.discovery import Discovery
from reconciler.model.messages import problem
from reconciler.model.names import near_matches
from reconciler.model.problems import Failure, Problem
from reconciler.runtime.discovering import Look, Seen, doors, live, look_around
from reconciler.runtime.disk import is_full, write_whole
from reconciler.runtime.request import Request

if TYPE_CHECKING:
    from reconciler.planning.discovery import Crm

_MOST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Told:
    """Who is who, as far as somebody said so: two columns of the source and a field of the CRM."""

    person: str | None = None
    email: str | None = None
    match: str | None = None


def import_inventory(request: Request, look: Look, told: Told, folder: Path) -> str:
    """The live inventory as a file for `folder`; a whole one where a source is named. Raises Failure."""
    if look.crm is not None and look.source is not None:
        seen = look_around(request, look)
        if seen.crm is None:
            raise AssertionError("a CRM that was named was looked at")
        start, found = settled(seen, look, told, folder)
        return imported_file(_live(seen.crm), start.crm, (start, found))
    if look.crm is None and look.source is not None:
        raise Failure(problem("E920", "whose fields and tags?", fix="give `--crm TYPE`, or `--crm TYPE:PATH`"))
    found_doors, base = doors(request, look)
    if found_doors.crm is None:
        raise Failure(
            problem("E920", f"{request.file} names no CRM", fix="add the section `crm`, or give `--crm TYPE`")
        )
    crm = live(request, found_doors.crm, base)
    given = seen_from(look.crm, folder) if look.crm else None
    return imported_file(_live(crm), given, declared=found_doors)


def start(seen: Seen, look: Look, told: Told, folder: Path) -> str:
    """The first file of what was seen, for `folder`. Raises Failure with everything that has to be told."""
    return starting_file(*settled(seen, look, told, folder))


def settled(seen: Seen, look: Look, told: Told, folder: Path) -> tuple[Start, Discovery]:
    """Who is who, told or found out, and the proposals that are left then. Raises Failure."""
    from reconciler.planning.discovery import Known, mapped_anew

    if look.crm is None or look.source is None or seen.crm is None:
        raise AssertionError("a whole file needs both doors")
    match = told.match or seen.crm.capabilities.match
    person, email = told.person or seen.found.person, told.email or seen.found.email
    if problems := [*_wrong_names(seen, seen.crm, told, match), *_untold(person, email)]:
        raise Failure(problems)
    begun = Start(seen_from(look.crm, folder), seen_from(look.source, folder), person or "", match, email or "")
    return begun, mapped_anew(seen.found, Known(seen.crm, {match: begun.email}))


def seen_from(given: Given, folder: Path) -> Given:
    """The door as a file in `folder` names it: a path that was typed is relative to where it was typed."""
    path = given.options.get("path")
    if path is None or "${" in path or Path(path).is_absolute():
        return given
    return replace(given, options={**given.options, "path": Path(os.path.relpath(path, folder)).as_posix()})


def write_new(path: Path, text: str, force: bool) -> None:
    """Write a file that is not there; with `force` in the place of one that is, which stays whole until the new one
    is. Raises Failure E509, E921, E922."""
    try:
        if force and path.exists():
            write_whole(path, text.encode(), stat.S_IMODE(path.stat().st_mode))
        else:
            with path.open("x", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
    except FileExistsError:
        raise Failure(problem("E921", f"`{path}`")) from None
    except OSError as error:
        raise Failure(problem("E509") if is_full(error) else problem("E922", f"`{path}`")) from None


def _live(crm: Crm) -> Live:
    return Live(crm.inventory, crm.capabilities)


def _untold(person: str | None, email: str | None) -> Iterator[Problem]:
    if person is None:
        detail = "no column names every person: never empty, never twice, and no name or address"
        yield problem("E920", detail, fix="give `--person COLUMN`")
    if email is None:
        yield problem("E920", "no column holds e-mail addresses", fix="give `--email COLUMN`")


def _wrong_names(seen: Seen, crm: Crm, told: Told, match: str) -> Iterator[Problem]:
    columns = [*(column.name for column in seen.found.columns), *seen.found.hidden]
    for option, name in (("--person", told.person), ("--email", told.email)):
        if name is not None and name not in columns:
            yield problem("E923", f"`{option}`: the source has no such column", fix=_there(name, columns, "columns"))
    fields = [field.key for field in crm.inventory.fields]
    if match not in fields:
        yield problem("E923", "`--match`: the CRM has no such field", fix=_there(match, fields, "fields"))


def _there(name: str, known: Sequence[str], what: str) -> str:
    if near := near_matches(name, known):
        return f"did you mean {_quoted(near)}?"
    more = f" and {len(known) - _MOST_SHOWN} more" if len(known) > _MOST_SHOWN else ""
    return f"its {what} are {_quoted(known[:_MOST_SHOWN])}{more}"


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
