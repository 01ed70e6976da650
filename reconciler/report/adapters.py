"""The installed adapters as text, JSON and Markdown: who can do what, and why not. One set of rows feeds all three."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pydantic import BaseModel

from reconciler import __version__
from reconciler.adapters.installed import Installed
from reconciler.config import secret_keys
from reconciler.model.capabilities import Ability, Capabilities, Checked, Writes
from reconciler.model.problems import Problem
from reconciler.report import shapes
from reconciler.report.document import problem_rows
from reconciler.report.layout import PAGE, Page, columns, folding_table, paragraph, section, table
from reconciler.report.words import listing, number, plain, some

_UNTOLD = "?"
_NEVER = "it tells what it can do only once it is open: see `reconciler doctor`"


def adapters_document(crms: Iterable[Installed], sources: Iterable[Installed]) -> shapes.AdaptersDocument:
    return shapes.AdaptersDocument(
        tool=__version__,
        outcome="listed",
        crms=tuple(map(adapter_row, crms)),
        sources=tuple(map(adapter_row, sources)),
    )


def adapters_error(problems: Iterable[Problem]) -> shapes.AdaptersDocument:
    """The same shape for what could not be listed."""
    return shapes.AdaptersDocument(tool=__version__, outcome="error", problems=problem_rows(problems))


def adapter_row(adapter: Installed) -> shapes.AdapterRow:
    return shapes.AdapterRow(
        name=adapter.name,
        package=adapter.package,
        trouble=adapter.trouble,
        options=option_rows(adapter.options) if adapter.options else (),
        capabilities=_capabilities_row(adapter.capabilities) if adapter.capabilities else None,
        writes=_writes_row(adapter.writes) if adapter.writes else None,
    )


def _writes_row(writes: Writes) -> shapes.WritesRow:
    return shapes.WritesRow(can=not writes.cannot, reason=writes.cannot or writes.how)


def option_rows(model: type[BaseModel]) -> tuple[shapes.OptionRow, ...]:
    """The keys of an adapter's options, in the order of its model."""
    secrets = secret_keys(model)
    rows = []
    for name, field in model.model_fields.items():
        key = field.alias or name
        default = field.default if isinstance(field.default, str | int | float | bool) else None
        secret = key in secrets
        rows.append(
            shapes.OptionRow(
                name=key,
                required=field.is_required(),
                default=None if secret else default,
                secret=secret,
                description=field.description or "",
            )
        )
    return tuple(rows)


def _capabilities_row(has: Capabilities) -> shapes.CapabilitiesRow:
    return shapes.CapabilitiesRow(
        abilities=tuple(_ability_row(has, ability) for ability in Ability),
        types=tuple(
            shapes.WireRow(type=name, native=wire.native, accepts=tuple(sorted(wire.accepts)))
            for name, wire in has.wires.items()
        ),
        calls=tuple(
            shapes.CallRow(call=call.value, endpoint=e.name, batch=e.batch, max_bytes=e.max_bytes)
            for call, e in has.endpoints.items()
        ),
        rate=has.rate,
        paced=has.paced,
        since=tuple(sorted(has.since_covers)),
        match=has.match,
        objects=has.objects,
        statuses=has.statuses,
        assigns_keys=has.assigns_keys,
    )


def _ability_row(has: Capabilities, ability: Ability) -> shapes.AbilityRow:
    ways = has.checked.get(ability, ())
    return shapes.AbilityRow(
        ability=ability.value,
        can=ability in has.can,
        reason=has.why_not(ability) or "",
        checked=tuple(way.value for way in Checked if way in ways),
    )


def adapters_text(document: shapes.AdaptersDocument, page: Page = PAGE) -> str:
    """CRMs by abilities, then sources; those that cannot be used in one line each."""
    usable = [crm for crm in document.crms if not crm.trouble]
    parts = [_matrix(group) for group in _beside(usable, page.width)]
    parts.append(_sources([source for source in document.sources if not source.trouble], page.width))
    broken = [a for a in (*document.crms, *document.sources) if a.trouble]
    parts.append(section("Unusable", [f"{listing([a.name, a.package])}: {a.trouble}" for a in broken], page.width))
    untold = [crm.name for crm in usable if crm.capabilities is None]
    parts.append(paragraph(f"{_UNTOLD}  {listing(untold)}: {_NEVER}", 0, page.width, 3) if untold else [])
    parts.append([f"Next: reconciler adapters {usable[0].name}" if usable else ""])
    return "\n\n".join("\n".join(part) for part in parts if any(part)) + "\n"


def _beside(crms: Sequence[shapes.AdapterRow], width: int) -> Iterator[list[shapes.AdapterRow]]:
    """As many CRMs as columns fit."""
    group: list[shapes.AdapterRow] = []
    taken = first = 2 + max(len(_words(a)) for a in Ability)
    for crm in crms:
        needed = 3 + max(columns(plain(crm.name)), len("yes"))
        if group and taken + needed > width:
            yield group
            group, taken = [], first
        group.append(crm)
        taken += needed
    yield group


def _matrix(crms: Sequence[shapes.AdapterRow]) -> list[str]:
    cells = [[_words(ability), *(_answer(crm, ability) for crm in crms)] for ability in Ability]
    head, *lines = table([["CRM", *(crm.name for crm in crms)], *cells])
    return [head[2:], *lines] if crms else []


def _answer(crm: shapes.AdapterRow, ability: Ability) -> str:
    if crm.capabilities is None:
        return _UNTOLD
    return next("yes" if row.can else "no" for row in crm.capabilities.abilities if row.ability == ability.value)


def _words(ability: Ability) -> str:
    return ability.value.replace("_", " ")


def _sources(sources: Sequence[shapes.AdapterRow], width: int) -> list[str]:
    rows = [[s.name, _written(s, brief=True), listing(option.name for option in s.options)] for s in sources]
    return ["Source", *(line for lines in folding_table(rows, 2, width) for line in lines)] if sources else []


def _written(source: shapes.AdapterRow, brief: bool = False) -> str:
    """Whether it takes values back, and how or why not."""
    if source.writes is None:
        return _UNTOLD
    if brief:
        return "read and written" if source.writes.can else "read"
    return f"{'yes' if source.writes.can else 'no'}: {source.writes.reason}"


def adapter_text(kind: str, adapter: shapes.AdapterRow, page: Page = PAGE) -> str:
    """Everything about one adapter. `kind`: CRM or source."""
    head = plain(f"{adapter.name}   {kind}, from {adapter.package or 'this program'}")
    parts = [[head], section("Unusable", [adapter.trouble], page.width)]
    if adapter.capabilities is not None:
        parts += _details(adapter.capabilities, page.width)
    elif kind == "CRM" and not adapter.trouble:
        parts.append(section("Abilities", [_NEVER], page.width))
    if kind == "source" and not adapter.trouble:
        parts.append(section("Written", [_written(adapter)], page.width))
    parts.append(_titled("Options", [option_cells(option) for option in adapter.options], 2, page.width))
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def option_cells(option: shapes.OptionRow) -> list[str]:
    """Name, default or *required*, and what it is."""
    default = "required" if option.required else "" if option.default in (None, "") else _shown(option.default)
    return [option.name, default, listing([option.description, "a secret" if option.secret else ""])]


def _shown(default: str | int | float | bool | None) -> str:
    return (
        str(default).lower()
        if isinstance(default, bool)
        else f"{default:g}"
        if isinstance(default, float)
        else str(default)
    )


def _details(has: shapes.CapabilitiesRow, width: int) -> list[list[str]]:
    abilities = [[_words(Ability(row.ability)), _can(row)] for row in has.abilities]
    types = [[row.type, row.native, _also(row)] for row in has.types]
    calls = [[row.call, row.endpoint, _size(row)] for row in has.calls]
    missed = [word for word in ("values", "tags", "deletions") if word not in has.since]
    pace = "calls are held back to it" if has.paced else "what a plan's cost is reckoned with"
    facts = {
        "Rate": f"{has.rate:g} calls a second, {pace}",
        "Since": f"notices {listing(has.since) or 'nothing'}" + (f"; not {listing(missed)}" if missed else ""),
        "Match": f"people are looked up by the field `{has.match}`",
        "Objects": listing(has.objects),
        "Statuses": listing(has.statuses),
        "Keys": "of new fields are chosen by the CRM" if has.assigns_keys else "",
    }
    return [
        _titled("Abilities", abilities, 1, width),
        _titled("Types", types, 2, width),
        _titled("Calls", calls, 2, width),
        [line for label, fact in facts.items() for line in section(label, [fact], width)],
    ]


def _can(row: shapes.AbilityRow) -> str:
    """Yes, and how that was checked; or why not."""
    if not row.can:
        return f"no: {row.reason}"
    return f"yes ({listing(row.checked)})" if row.checked else "yes"


def _also(row: shapes.WireRow) -> str:
    others = [native for native in row.accepts if native != row.native]
    return f"also in {listing(others)}" if others else ""


def _size(row: shapes.CallRow) -> str:
    batch = "one at a time" if row.batch == 1 else f"{number(row.batch)} at a time"
    return listing([batch, f"at most {some(row.max_bytes, 'byte')}" if row.max_bytes else ""])


def _titled(title: str, rows: Sequence[Sequence[str]], fold: int, width: int) -> list[str]:
    """A table below its title."""
    return [title, *(line for lines in folding_table(rows, fold, width) for line in lines)] if rows else []


def matrix(crms: Iterable[shapes.AdapterRow]) -> tuple[list[str], list[list[str]]]:
    """Heads and cells of the table of abilities, reasons in place of a plain no, for the documentation."""
    shown = [crm for crm in crms if crm.capabilities is not None]
    cells: Mapping[str, list[str]] = {ability.value: [_words(ability)] for ability in Ability}
    for crm in shown:
        for row in crm.capabilities.abilities if crm.capabilities else ():
            cells[row.ability].append(_can(row))
    return ["ability", *(f"`{crm.name}`" for crm in shown)], list(cells.values())


def written(sources: Iterable[shapes.AdapterRow]) -> list[list[str]]:
    """Which source takes values back, and how or why not, for the documentation."""
    return [[f"`{source.name}`", _written(source)] for source in sources]
