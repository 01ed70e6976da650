"""Reference pages in Markdown, printed from the tables that the program itself runs on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from reconciler.model.desired import Push
from reconciler.model.messages import MESSAGES, Message
from reconciler.model.plan import Verdict
from reconciler.planning.combinations import Combination, Outcomes
from reconciler.report.adapters import matrix, option_cells, written
from reconciler.report.glossary import WORDS
from reconciler.report.shapes import AdapterRow, AdaptersDocument

_GENERATED = "<!-- Generated: `python -m reconciler.testing.generate`. Edit the tables in the program instead. -->"

FAMILIES: tuple[tuple[str, str], ...] = (
    ("E1", "The file"),
    ("R1", "Rules about the file"),
    ("R2", "Findings about people and values"),
    ("R3", "Findings about the inventory"),
    ("E3", "The CRM"),
    ("E4", "The source"),
    ("E5", "State, apply and the machine"),
    ("E6", "The history of runs"),
    ("E9", "Usage"),
)


class TypeRow(Protocol):
    """What the reference prints of a value type."""

    @property
    def name(self) -> str: ...
    @property
    def aliases(self) -> tuple[str, ...]: ...
    @property
    def accepts(self) -> str: ...
    @property
    def canonical(self) -> str: ...
    @property
    def refuses(self) -> str: ...
    @property
    def written(self) -> str: ...
    @property
    def samples(self) -> tuple[tuple[str, str | None], ...]: ...


def messages_page() -> str:
    """Every code by family: what it says, why it matters, the way out."""
    lines = [
        "# Messages",
        "",
        _GENERATED,
        "",
        "Every code that the program can say; `reconciler explain CODE` prints one of them. A code with a rule name "
        "can be switched in the file: `rules: {NAME: error | warning | off}`.",
    ]
    for prefix, title in FAMILIES:
        rows = [m for m in MESSAGES.values() if m.code.startswith(prefix)]
        lines += ["", f"## {title}"] if rows else []
        for row in rows:
            lines += ["", *_message(row)]
    return "\n".join(lines) + "\n"


def _message(row: Message) -> list[str]:
    named = f", rule `{row.name}`" if row.name else ""
    lines = [f"### {row.code}: {row.summary}", "", f"*{row.level.value}{named}*"]
    lines += ["", row.reason] if row.reason else []
    return lines + (["", f"**Way out:** {row.fix}"] if row.fix else [])


def types_page(types: Iterable[TypeRow]) -> str:
    """The table of value types in the order given, then samples of each."""
    rows = list(types)
    heads = ("type", "also called", "accepts", "canonical text", "refuses", "written back")
    cells = [
        (f"`{t.name}`", ", ".join(f"`{a}`" for a in sorted(t.aliases)), t.accepts, t.canonical, t.refuses, t.written)
        for t in rows
    ]
    lead = (
        "`type` says how a value of the source is read, and in which form it is compared with the CRM's: its canonical "
        "text. An empty value is empty in every type. What cannot be read is a finding, and the CRM keeps what it has; "
        "beside each refusal stands the key of [the file](file.md) that settles it. "
        "A value of the CRM that goes into the source is written as the last column says; the example is what stands "
        "there now, or in other rows. It is written only if it is read as that very value again."
    )
    lines = ["# Value types", "", _GENERATED, "", lead, "", *markdown_table(heads, cells), "", "## Samples"]
    for row in rows:
        if row.samples:
            samples = [(_code(raw), "*(empty)*" if text is None else _code(text)) for raw, text in row.samples]
            lines += ["", f"### {row.name}", "", *markdown_table(("read", "canonical text"), samples)]
    return "\n".join(lines) + "\n"


def decision_page(rows: Iterable[Sequence[str]], merged: Iterable[tuple[Combination, Outcomes]]) -> str:
    """The decision table for one value: number, situation and result of each row, as the program reads it; and
    `merged`, every combination of a field that is pulled, too."""
    lead = (
        "The first row that matches the situation of a value decides what happens to it. *Ours* is the person's value "
        "in the source, *theirs* the contact's in the CRM. A new contact holds nothing yet."
    )
    both = (
        "What both sides last agreed on, what each holds now, and what follows where the field is pulled, too "
        "(`pull: true`), for each `push`. With `empty: clear` it is what stands behind the stroke. A *conflict* is "
        "settled by `conflict: source` (ours is sent) or `crm` (theirs is pulled); with `report`, the default, it is a "
        "finding, and nothing is written. The e-mail that people are looked up by is never emptied: `empty: skip` "
        "holds for it."
    )
    names = [push.value for push in Push]
    cells = [(c.agreed, c.ours, c.theirs, *(_outcome(by[name]) for name in names)) for c, by in merged]
    lines = ["# The decision for one value", "", _GENERATED, "", lead, ""]
    lines += markdown_table(("#", "situation", "result"), rows)
    lines += ["", "## Both ways", "", both, ""]
    lines += markdown_table(("agreed on", "ours", "theirs", *(f"`push: {name}`" for name in names)), cells)
    return "\n".join(lines) + "\n"


def _outcome(verdicts: Sequence[Verdict]) -> str:
    return " / ".join(dict.fromkeys(_SAID[verdict] for verdict in verdicts))


_SAID = {
    Verdict.NOTHING: "nothing",
    Verdict.IN_SYNC: "in sync",
    Verdict.REWRITTEN: "in sync (rewritten)",
    Verdict.SET: "set",
    Verdict.CLEAR: "cleared",
    Verdict.PULL: "pulled",
    Verdict.HELD: "held",
    Verdict.CONFLICT: "conflict",
    Verdict.BLOCKED: "blocked",
    Verdict.FINDING: "finding",
}


def adapters_page(document: AdaptersDocument) -> str:
    """What comes with the program: the abilities of CRMs with reasons, and the options of all."""
    lead = (
        "Which CRMs and sources come with the program. `reconciler adapters` prints this for what is installed, "
        "those of other packages included; `reconciler adapters NAME` has types, calls and limits."
    )
    checked = (
        "In brackets is how an ability was checked: on a *live server*; by the *vendor's client*, which does the same "
        "on our emulator of the CRM; against the *vendor's document*, which every message of the tests was held "
        "against; or by our *own reading* of what the vendor says, which nobody else vouches for. `local` is a CRM of "
        "our own: there is nobody to check it against."
    )
    lines = [
        "# Adapters",
        "",
        _GENERATED,
        "",
        lead,
        "",
        "## What CRMs can do",
        "",
        checked,
        "",
        *markdown_table(*matrix(document.crms)),
        "",
        "## Which sources take values back",
        "",
        *markdown_table(("source", "written"), written(document.sources)),
    ]
    for title, rows in (("CRM", document.crms), ("source", document.sources)):
        for row in rows:
            lines += ["", f"## {title} {row.name}", "", *markdown_table(("option", "default", ""), _options(row))]
    return "\n".join(lines) + "\n"


def _options(row: AdapterRow) -> list[list[str]]:
    return [[f"`{name}`", default, said] for name, default, said in map(option_cells, row.options)]


def glossary_page() -> str:
    """The words of the project, by alphabet."""
    lines = ["# Glossary", "", _GENERATED, "", "One word per thing, in the file, in messages, in JSON and in the code."]
    for word, meaning in sorted(WORDS.items()):
        lines += ["", f"**{word}**: {meaning}"]
    return "\n".join(lines) + "\n"


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table; bars and line ends in cells are escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "<br>")


def _code(text: str) -> str:
    """Text as code, with what cannot be seen made visible."""
    shown = "".join(s if s.isprintable() else s.encode("unicode_escape", "surrogatepass").decode() for s in text)
    if not shown:
        return "*(empty)*"
    ticks = "``" if "`" in shown else "`"
    pad = " " if ticks == "``" or shown != shown.strip() else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"
