"""Stacked bars: what lengths their parts have. Lengths are shares of a hundred; templates draw them as SVG."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_LEAST = 1.2  # of a hundred: what is there can be seen


class Kind(NamedTuple):
    """What a part of a bar counts. `tone`: its colour and pattern in the style sheet."""

    tone: str
    word: str


@dataclass(frozen=True, slots=True)
class Segment:
    kind: Kind
    count: int
    start: str
    length: str
    share: str
    """Of the bar's own total, in words."""


def stacked(counts: Iterable[tuple[Kind, int]], longest: int) -> tuple[Segment, ...]:
    """The parts that are not zero, side by side. `longest`: the total of the bar that fills the whole width."""
    present = [(kind, count) for kind, count in counts if count]
    lengths = _lengths([count for _, count in present], longest)
    total = sum(count for _, count in present)
    starts = [sum(lengths[:at]) for at in range(len(lengths))]
    return tuple(
        Segment(kind, count, f"{start:.2f}%", f"{length:.2f}%", share(count, total))
        for (kind, count), start, length in zip(present, starts, lengths, strict=True)
    )


def _lengths(counts: Sequence[int], longest: int) -> list[float]:
    lengths = [max(100 * count / max(longest, 1), _LEAST) for count in counts]
    return [length * min(1, 100 / sum(lengths)) for length in lengths]


def share(part: int, whole: int) -> str:
    """`38 %`; what is there is never called nothing, and what is missing never all."""
    if not whole or not part:
        return "0 %"
    if part == whole:
        return "100 %"
    percent = 100 * part / whole
    if percent < 1:
        return "under 1 %"
    return "over 99 %" if percent > 99 else f"{percent:.0f} %"
