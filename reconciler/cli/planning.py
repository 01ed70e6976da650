"""The options that `plan` and `apply` share, and the request that they become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

from reconciler.cli.reports import report_option
from reconciler.cli.requests import bare_request, format_option, wrong_values
from reconciler.cli.settings import F, Options, Settings, option_table
from reconciler.model.messages import problem
from reconciler.model.names import near_matches
from reconciler.model.problems import Failure
from reconciler.report.formats import PLAN, formats_of

_OPTIONS: Options = (
    (("--person", "persons"), {"multiple": True, "metavar": "ID", "help": "Only this person; may be repeated."}),
    (("--target",), {"multiple": True, "metavar": "GLOB", "help": "Only addresses like this; may be repeated."}),
    (("--exclude",), {"multiple": True, "metavar": "GLOB", "help": "No addresses like this; may be repeated."}),
    (
        ("--refresh",),
        {"type": click.Choice(["full", "incremental"]), "help": "Read all contacts, or only what changed."},
    ),
    (
        ("--now",),
        {"metavar": "TIME", "help": "The plan's clock: a date, or a time with its zone. Default: today, UTC."},
    ),
    (
        ("--allow", "allowed"),
        {"multiple": True, "metavar": "LIMIT=N", "help": "Raise a limit for this run; may be repeated."},
    ),
    (
        ("--resolve", "resolved"),
        {
            "multiple": True,
            "metavar": "FIELD=source|crm",
            "help": "Who wins the conflicts of this field in this run; may be repeated.",
        },
    ),
    (
        ("--relink",),
        {
            "type": click.Choice(["anew", "renamed"]),
            "is_flag": False,
            "flag_value": "anew",
            "help": "identity.person names another column: pair everybody anew; `=renamed`: it has the same ids.",
        },
    ),
    (("--show-values",), {"is_flag": True, "help": "Three differing values per cause; at a terminal only."}),
)


def planning_options(command: F) -> F:
    return format_option(*formats_of(PLAN))(report_option(PLAN)(option_table(_OPTIONS)(command)))


@dataclass(frozen=True, slots=True)
class Asked:
    """The shared options as they were typed."""

    format: str
    persons: Sequence[str]
    target: Sequence[str]
    exclude: Sequence[str]
    refresh: str | None
    now: str | None
    allowed: Sequence[str]
    show_values: bool
    resolved: Sequence[str]
    relink: str | None

    @property
    def at_once(self) -> bool:
        """Whether stdout gets one document in the end, and nothing before it."""
        return self.format != "text"

    @property
    def narrowed(self) -> bool:
        """Whether the next command has to be given the same options to be about the same people and entries."""
        return bool(self.persons or self.target or self.exclude or self.allowed or self.resolved or self.relink)


def request(settings: Settings, asked: Asked, **more: Any) -> Any:
    """What the pipeline is asked for; all wrong options at once. `more`: what only one of the commands asks for."""
    allow, wrong = allowances(asked.allowed)
    now, wrong_now = moment(asked.now)
    resolve, unclear = resolutions(asked.resolved)
    values = wrong_values(settings, asked.show_values, asked.format, more.get("out") is not None)
    wrong += [*wrong_now, *unclear, *_empty(asked), *values]
    if wrong:
        raise Failure(wrong)
    return bare_request(
        settings,
        now=now,
        persons=frozenset(asked.persons),
        target=tuple(asked.target),
        exclude=tuple(asked.exclude),
        allow=allow,
        show_values=asked.show_values,
        refresh=asked.refresh,
        resolve=resolve,
        relink=asked.relink or "",
        **more,
    )


def chosen_anew(asked: Asked) -> list[str]:
    """The options that say what is planned, as they were typed; limits apart, which may be raised at any time."""
    typed = (
        ("--person", asked.persons),
        ("--target", asked.target),
        ("--exclude", asked.exclude),
        ("--now", asked.now),
        ("--resolve", asked.resolved),
        ("--relink", asked.relink),
    )
    return [name for name, given in typed if given]


def resolutions(typed: Sequence[str]) -> tuple[dict[str, str], list[Any]]:
    """`FIELD=source|crm` pairs, and a problem for each that is none."""
    found: dict[str, str] = {}
    wrong = []
    for pair in typed:
        field, _, winner = pair.rpartition("=")
        if field and winner in ("source", "crm"):
            found[field] = winner
        else:
            wrong.append(problem("E903", "`--resolve` takes FIELD=source or FIELD=crm", fix="say who wins, and where"))
    return found, wrong


def _empty(asked: Asked) -> list[Any]:
    typed = (("--person", asked.persons), ("--target", asked.target), ("--exclude", asked.exclude))
    return [problem("E903", f"`{name}` is empty", fix=f"give {name} a value") for name, given in typed if "" in given]


def allowances(typed: Sequence[str]) -> tuple[dict[str, int], list[Any]]:
    """`LIMIT=N` pairs, and a problem for each that is none."""
    from reconciler.planning.allowances import written_entry
    from reconciler.planning.guards import LIMITS

    allow: dict[str, int] = {}
    wrong = []
    for pair in typed:
        name, _, count = pair.partition("=")
        if name.startswith("check:"):
            fix = f"add to `allow` in the file: {written_entry(check=name.removeprefix('check:'))}"
            wrong.append(problem("E903", "`--allow` is about limits; a check is let pass in the file alone", fix=fix))
        elif name not in LIMITS:
            near = near_matches(name, LIMITS)
            fix = f"did you mean {' or '.join(f'`{n}`' for n in near)}?" if near else f"limits are {', '.join(LIMITS)}"
            wrong.append(problem("E903", f"`--allow {name}`: there is no such limit", fix=fix))
        elif not count.isascii() or not count.isdigit():
            fix = f"write --allow {name}=N, as the plan shows it"
            wrong.append(problem("E903", f"`--allow {name}=N`: N is a whole number from 0", fix=fix))
        else:
            allow[name] = int(count)
    return allow, wrong


def moment(typed: str | None) -> tuple[datetime | None, list[Any]]:
    """The time that was typed, in UTC; a date is its start, a time without a zone is UTC."""
    if typed is None:
        return None, []
    try:
        read = datetime.fromisoformat(typed)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC), []
    except (ValueError, OverflowError):
        return None, [problem("E903", "`--now` takes a date or a time such as 2026-11-22 or 2026-11-22T10:00:00Z")]
