"""What `doctor` says of the machine: packages, locale, clock. Everything it looks at is handed in or installed."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, distribution, version

from reconciler import __version__
from reconciler.model.checks import Check, Verdict

DISTRIBUTION = "crm-reconciler"

_SHOWN = ("pyarrow", "duckdb", "pydantic", "ruamel.yaml")
_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*([^;]*)(?:;\s*(.*))?")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")
_BOUND = re.compile(r"(>=|<=|==|<|>)\s*([0-9][0-9.]*)")
_OLDEST, _NEWEST = 2025, 2100  # years; a clock outside of them was never set
_MOST_SKEW = 60  # seconds


def program_check() -> Check:
    """Python, this program, and whether every package that it needs is there in a version that fits."""
    python = ".".join(map(str, sys.version_info[:3]))
    versions = [f"{name} {found}" for name in _SHOWN if (found := _version(name))]
    said = ", ".join((f"Python {python}", f"reconciler {__version__}", *versions))
    wrong = [why for name, bounds, extra in _requirements() if not extra and (why := _trouble(name, bounds))]
    if wrong:
        fix = f"install it anew: pip install --upgrade {DISTRIBUTION}"
        return Check("program", Verdict.FAIL, f"{said}; {', '.join(wrong)}", fix)
    return Check("program", Verdict.OK, said)


def extras_check() -> Check:
    """Which optional packages are there, and how to get the others: none of them is needed by all."""
    extras: dict[str, list[str]] = {}
    for name, bounds, extra in _requirements():
        if extra:
            extras.setdefault(extra, []).extend(filter(None, [_trouble(name, bounds)]))
    there = sorted(extra for extra, missing in extras.items() if not missing)
    absent = sorted(extra for extra, missing in extras.items() if missing)
    parts = (f"installed: {', '.join(there) or 'none'}", f"not installed: {', '.join(absent)}" if absent else "")
    fix = f"if you need it: pip install '{DISTRIBUTION}[{','.join(absent)}]'" if absent else ""
    return Check("extras", Verdict.OK, "; ".join(filter(None, parts)), fix)


def locale_check(env: Mapping[str, str], terminal: bool) -> Check:
    """Whether what is written, which is always UTF-8, can be read where it goes."""
    chosen = next((env[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if env.get(name)), "")
    if not terminal:
        return Check("terminal", Verdict.OK, "none; output is UTF-8")
    utf_8 = "utf-8" in chosen.lower() or "utf8" in chosen.lower() or (not chosen and sys.platform == "darwin")
    if utf_8:
        return Check("terminal", Verdict.OK, f"the locale is UTF-8 ({chosen or 'the default'})")
    said = f"output is UTF-8, the locale ({chosen or 'none is set'}) is not: other letters than English ones look wrong"
    return Check("terminal", Verdict.WARN, said, "set LANG=C.UTF-8 and let the terminal use UTF-8")


def clock_check(now: datetime, theirs: datetime | None) -> Check:
    """Whether the clock can be right; `theirs`: the CRM's time, if it tells one."""
    shown = now.strftime("%Y-%m-%d %H:%M UTC")
    if not _OLDEST <= now.year < _NEWEST:
        return Check("clock", Verdict.FAIL, f"{shown} cannot be right", "set the clock of this machine")
    if theirs is None:
        return Check("clock", Verdict.OK, f"{shown}; the CRM tells no time to compare it with")
    apart = abs((now - theirs).total_seconds())
    if apart > _MOST_SKEW:
        said = f"{shown}, {apart:,.0f} seconds from the CRM's clock"
        return Check("clock", Verdict.WARN, said, "let this machine set its clock by the network")
    return Check("clock", Verdict.OK, f"{shown}, as the CRM's")


def _requirements() -> Iterator[tuple[str, str, str]]:
    """Name, versions and extra ("": always needed) of every package that ours asks for."""
    try:
        asked: Iterable[str] = distribution(DISTRIBUTION).requires or ()
    except PackageNotFoundError:
        return
    for line in asked:
        found = _REQUIREMENT.match(line)
        if found is not None:
            extra = _EXTRA.search(found.group(3) or "")
            yield found.group(1), found.group(2), extra.group(1) if extra else ""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _trouble(name: str, bounds: str) -> str:
    """What is wrong with the installed version of a package; "" if nothing is."""
    found = _version(name)
    if not found:
        return f"{name} is missing"
    fits = all(_fits(_numbers(found), sign, _numbers(bound)) for sign, bound in _BOUND.findall(bounds))
    return "" if fits else f"{name} {found} is not {bounds.strip()}"


def _fits(found: tuple[int, ...], sign: str, bound: tuple[int, ...]) -> bool:
    length = max(len(found), len(bound))
    a, b = (numbers + (0,) * (length - len(numbers)) for numbers in (found, bound))
    return {">=": a >= b, "<=": a <= b, "==": a == b, "<": a < b, ">": a > b}[sign]


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", re.split(r"[^0-9.]", text)[0]))
