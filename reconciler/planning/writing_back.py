"""From canonical text back to the raw text of a source."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from reconciler.model.types import Unreadable
from reconciler.planning.bindings import Binding
from reconciler.planning.conversion import Columns, ours_lane

RawText = Callable[[str | None, str | None, str | None], str | None]
"""(canonical text of the CRM, text in the source, the row's country) -> the text that is to stand in the source; raises
Unreadable."""


def raw_text(binding: Binding, columns: Columns, like: str | None) -> RawText:
    """`like`: a text of the column, whose manner is followed."""
    lane = ours_lane("ours", binding, columns, {}, datetime(2000, 1, 1, tzinfo=UTC))

    def write(canonical: str | None, before: str | None, country: str | None) -> str | None:
        text = canonical
        context = (country,) if binding.entry.country else ()
        if lane.convert(text, *context) != canonical:
            raise Unreadable("reads as something else in the source", "map")
        return text

    return write
