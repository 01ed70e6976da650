"""From a value of the CRM to the text that is to stand in the source, so that the entry reads that value again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from reconciler.model.types import Unreadable, first_read_as, ways
from reconciler.planning.bindings import Binding
from reconciler.planning.conversion import spec_of
from reconciler.tables.cells import BLANK_MARK
from reconciler.tables.lanes import Convert

RawText = Callable[[str | None, str | None, str | None, str | None], str | None]
"""raw_text(canonical, before, like, context) -> what is to stand in the source; raises `Unreadable`. Pure.

`canonical`: the CRM's value as its lane gives it, None for empty. `before`: what stands there now. `like`: a text of
that column from any row, for how it is written. `context`: the raw country of the row, for an entry with `country`.
"""

_Where = tuple[str | None, ...]
"""The row's country, or nothing where the entry has none."""

_COUNTRIES = 1000


def raw_texts(binding: Binding, convert: Convert) -> RawText:
    """The writer of an entry that is filled from a column. `convert` is that of its lane (`ours_lane`): every text that
    is given was read by it, and is that value as the CRM holds it.

    What stands there stays if it is read as the value already. A map is inverted: of several source values for one the
    one that `like` is, else the first of the file. What reads as empty is None, or such a source value.
    """
    return _Writer(binding, convert).raw_text


class _Writer:
    def __init__(self, binding: Binding, convert: Convert) -> None:
        self._entry = binding.entry
        # A CRM that keeps ticks alone holds this value as nothing.
        self._nothing = "false" if binding.type == "checkbox" else None
        self._convert = convert
        self._ways = ways(spec_of(binding.entry, binding.type))
        self._sources = lru_cache(_COUNTRIES)(self._inverted)

    def raw_text(self, canonical: str | None, before: str | None, like: str | None, context: str | None) -> str | None:
        where = (context,) if self._entry.country else ()
        if canonical in self._readings(before, where):
            return before
        example = before if self._is_example(before, where) else like
        texts = self._texts(canonical, example, like, where)
        return first_read_as(canonical, texts, lambda raw: self._read(raw, where), self._unlike(canonical))

    def _texts(
        self, canonical: str | None, example: str | None, like: str | None, where: _Where
    ) -> Iterator[str | None]:
        """What may be read as the value, best first. An empty text stands for a value only if nothing else does."""
        sources = self._sources(where).get(canonical, ())
        yield from (source for source in sources if like and source in (like, like.strip()))
        if canonical is None:
            yield None
        yield from filter(None, sources)
        value = self._nothing if canonical is None else canonical
        if value is not None:
            yield from self._ways(value, example, *where)
        yield from sources

    def _is_example(self, raw: str | None, where: _Where) -> bool:
        """Whether a text shows how the type is written: not one for the map, not one for nothing."""
        if not raw or raw.strip() in self._entry.map:
            return False
        try:
            return self._convert(raw, *where) is not None
        except Unreadable:
            return False

    def _inverted(self, where: _Where) -> Mapping[str | None, tuple[str, ...]]:
        """Value as the CRM holds it -> the source values that the map turns into it, in the order of the file."""
        found: dict[str | None, tuple[str, ...]] = {}
        for source in self._entry.map:
            for value in self._readings(source, where):
                found[value] = (*found.get(value, ()), source)
        return found

    def _readings(self, raw: str | None, where: _Where) -> tuple[str | None, ...]:
        """What a raw text is read as; nothing if it cannot be read."""
        try:
            return (self._read(raw, where),)
        except Unreadable:
            return ()

    def _read(self, raw: str | None, where: _Where) -> str | None:
        cell = self._convert(raw, *where)
        return None if cell is not None and cell.startswith(BLANK_MARK) else cell

    def _unlike(self, canonical: str | None) -> Unreadable:
        entry = self._entry
        if canonical is None and entry.default is not None and "" not in entry.map:
            return Unreadable("the default would stand in", "default")
        return Unreadable(
            "reads as something else in the source", "format" if entry.format and not entry.map else "map"
        )
