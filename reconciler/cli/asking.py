"""Questions at a terminal: asked on stderr, answered on stdin; an empty line takes what was found out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from reconciler.cli.doors import TypedDoors, typed_doors
from reconciler.cli.output import width_of
from reconciler.model.messages import problem
from reconciler.model.names import near_matches
from reconciler.model.problems import Exit, Failure
from reconciler.report.layout import WIDTH, paragraph
from reconciler.report.words import plain

if TYPE_CHECKING:
    from reconciler.adapters.registry import Kind
    from reconciler.config.given import Given

_SHOWN = 20


class Asker:
    """Asks one line at a time. The end of the input is an interruption."""

    def line(self, question: str, default: str | None = None) -> str:
        """The answer; the default for an empty line, asked again without one."""
        while True:
            sys.stderr.write(plain(question) + (f" [{plain(default)}]" if default else "") + " ")
            sys.stderr.flush()
            typed = sys.stdin.readline()
            if not typed:
                raise Failure(problem("E908"), Exit.INTERRUPTED)
            if answer := typed.strip() or default:
                return answer

    def choose(self, question: str, known: Sequence[str], default: str | None = None) -> str:
        """One of the names, asked until it is one."""
        while (answer := self.line(question, default)) not in known:
            near = near_matches(answer, known)
            self.say(f"There is no {answer}." + (f" Did you mean {' or '.join(near)}?" if near else ""))
        return answer

    def say(self, text: str) -> None:
        width = width_of(sys.stderr, WIDTH)
        sys.stderr.write("".join(f"{line}\n" for line in paragraph(text, 2, width)))

    def show(self, what: str, names: Sequence[str]) -> None:
        """The first of the names, so that one of them can be typed."""
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        self.say(f"{what}: {', '.join(names[:_SHOWN])}{more}")


def asked_doors(typed: TypedDoors, asker: Asker) -> TypedDoors:
    """The doors, the missing ones asked for."""
    from reconciler.adapters.registry import CRM, SOURCE, names

    crm, source = typed.crm, typed.source
    if crm is None:
        known = ", ".join(names(CRM))
        crm = _asked(
            asker, CRM, f"Which CRM? ({known}; with its file as in TYPE:PATH)", lambda t: typed_doors(t, None, ())
        )
    if source is None:
        known = ", ".join(names(SOURCE))
        question = f"Where do your people come from? (a file, or one of {known})"
        source = _asked(asker, SOURCE, question, lambda t: typed_doors(None, t, ()))
    return TypedDoors(crm, source, [])


def _asked(asker: Asker, kind: Kind, question: str, read: Callable[[str], TypedDoors]) -> Given:
    """One door: its adapter, then every option that the adapter cannot do without."""
    from dataclasses import replace

    while True:
        answer = read(asker.line(question))
        door = answer.crm or answer.source
        if door is not None and not answer.problems:
            return replace(door, options={**door.options, **_needed(asker, kind, door)})
        for found in answer.problems:
            asker.say(f"{found.detail}. {found.fix}")


def _needed(asker: Asker, kind: Kind, door: Given) -> Mapping[str, str]:
    """Answers for the required options that were not given. A secret is never typed: its variable is."""
    from reconciler.adapters.registry import find
    from reconciler.config import secret_keys

    model = find(kind, door.type).Options
    secrets = secret_keys(model)
    found: dict[str, str] = {}
    for name, field in model.model_fields.items():
        key = field.alias or name
        if not field.is_required() or key in door.options:
            continue
        meaning = f" ({field.description})" if field.description else ""
        if key in secrets:
            found[key] = f"${{env:{asker.line(f'{key}{meaning}: which environment variable holds it?')}}}"
        else:
            found[key] = asker.line(f"{key}{meaning}?")
    return found
