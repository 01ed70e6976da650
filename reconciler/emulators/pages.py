"""HTML by functions: whatever is no `Html` is escaped. One style sheet, light and dark, no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import urlencode


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


Content = str | int | None
"""What may stand in an element; None is nothing."""


def element(name: str, /, *contents: Content, **attributes: str | int | None) -> Html:
    """An element; an attribute `class_` is `class`. Attributes that are None are left out."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Html(f"<{name}{told}>")
    return Html(f"<{name}{told}>{joined(contents)}</{name}>")


def joined(contents: Iterable[Content]) -> Html:
    return Html("".join(c if isinstance(c, Html) else escape(str(c)) for c in contents if c is not None))


def link(contents: Content, **query: str | int | None) -> Html:
    """To the same page with another query."""
    return element("a", contents, href="?" + urlencode({key: value for key, value in query.items() if value}))


def chip(text: str, kind: str = "") -> Html:
    return element("span", text, class_=f"chip {kind}".strip())


def table(heads: Sequence[str], rows: Sequence[Sequence[Content]], empty: str, numbers: Sequence[int] = ()) -> Html:
    """`numbers`: columns that are aligned to the right. `empty`: the sentence for a table without rows."""
    if not rows:
        return element("p", empty, class_="empty")
    sides = ["number" if n in numbers else None for n in range(len(heads))]
    head = [element("th", text, scope="col", class_=side) for text, side in zip(heads, sides, strict=True)]
    body = [
        element("tr", *(element("td", cell, class_=side) for cell, side in zip(row, sides, strict=True)))
        for row in rows
    ]
    drawn = element("table", element("thead", element("tr", *head)), element("tbody", *body))
    return element("div", drawn, class_="wide")


def meter(label: str, used: int, allowed: int) -> Html:
    """How much of a limit is used, as a bar and in numbers."""
    share = min(1.0, used / allowed) if allowed else 1.0
    bar = element("span", element("span", style=f"width:{share:.1%}"), class_="bar" + (" full" if share > 0.9 else ""))
    return element(
        "div", element("span", label), bar, element("span", f"{used:,} of {allowed:,}", class_="dim"), class_="meter"
    )


def document(title: str, *contents: Content) -> Html:
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Html(_STYLE)),
    )
    return Html("<!doctype html>\n" + element("html", head, element("body", *contents), lang="en"))


_VOID = frozenset({"meta", "input", "br", "hr"})

_STYLE = """
:root { --paper: #f7f6f4; --card: #fff; --ink: #23211f; --dim: #6b6660; --line: #e4e0da; --accent: #c2410c;
  --soft: #fdeee4; --good: #2f7d4f; --bad: #b42318; --chip: #efece7; }
@media (prefers-color-scheme: dark) { :root { --paper: #171614; --card: #201f1c; --ink: #ece8e2; --dim: #a19a90;
  --line: #35322d; --accent: #fb923c; --soft: #3a2415; --good: #6fcf97; --bad: #f97066; --chip: #2d2a26; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", Roboto,
  "Noto Sans", "DejaVu Sans", sans-serif; }
.inside { max-width: 1120px; margin: 0 auto; padding: 0 20px; }
header { background: var(--card); border-bottom: 1px solid var(--line); }
header .inside { padding-top: 18px; }
h1 { font-size: 20px; margin: 0; display: flex; gap: 10px; align-items: center; flex-wrap: wrap; }
h2 { font-size: 17px; margin: 28px 0 12px; }
.dim { color: var(--dim); }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
a:focus-visible, input:focus-visible, button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
nav { display: flex; gap: 4px; margin-top: 14px; overflow-x: auto; }
nav a { padding: 8px 14px 10px; color: var(--dim); border-bottom: 2px solid transparent; white-space: nowrap; }
nav a:hover { color: var(--ink); text-decoration: none; }
nav a[aria-current] { color: var(--ink); border-color: var(--accent); font-weight: 600; }
nav .count { color: var(--dim); font-weight: 400; font-size: 13px; margin-left: 6px; }
main { padding-bottom: 60px; }
.wide { background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 9px 14px; vertical-align: top; border-bottom: 1px solid var(--line); }
tbody tr:last-child td { border-bottom: 0; }
tbody tr:hover { background: color-mix(in srgb, var(--soft) 45%, transparent); }
th { font-size: 12.5px; font-weight: 600; color: var(--dim); white-space: nowrap; }
td { overflow-wrap: break-word; max-width: 560px; }
.number { text-align: right; }
code, .mono { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.chip { display: inline-block; background: var(--chip); color: var(--dim); border-radius: 99px; padding: 1px 9px;
  font-size: 12.5px; margin: 1px 4px 1px 0; white-space: nowrap; }
.chip.strong { background: var(--soft); color: var(--accent); }
.chip.good { color: var(--good); } .chip.bad { color: var(--bad); }
.empty { background: var(--card); border: 1px dashed var(--line); border-radius: 10px; padding: 26px; margin: 0;
  color: var(--dim); text-align: center; }
form { display: flex; gap: 8px; margin: 24px 0 14px; flex-wrap: wrap; align-items: center; }
input { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 8px 12px; flex: 1 1 240px; max-width: 420px; min-width: 0; }
button { font: inherit; color: #fff; background: #c2410c; border: 0; border-radius: 8px; padding: 8px 16px;
  cursor: pointer; }
.pages { display: flex; gap: 16px; justify-content: space-between; margin-top: 14px; }
.meters { display: grid; gap: 12px; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 16px; }
.meter { display: grid; grid-template-columns: minmax(110px, 190px) 1fr minmax(120px, auto); gap: 14px;
  align-items: center; }
.meter .dim { text-align: right; font-variant-numeric: tabular-nums; }
.bar { background: var(--chip); border-radius: 99px; height: 8px; overflow: hidden; }
.bar span { display: block; height: 100%; background: var(--accent); border-radius: 99px; min-width: 2px; }
.bar.full span { background: var(--bad); }
"""
