"""A site's options: rows of its table `options`, read from its database and never written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.wordpress.serialised import Unserialisable, is_serialised, unserialised
from reconciler.adapters.wordpress.tables import literal, opened
from reconciler.model.wp_fusion import Plain, Settings, sieved

if TYPE_CHECKING:
    from reconciler.adapters.wordpress.options import WordPressOptions

SETTINGS = "wpf_options"
_INVENTORIES = {"wpf_crm_fields": "crm_fields", "wpf_available_tags": "available_tags"}
"""Option -> the setting that it was before 3.37."""

_COLUMNS = ("option_name", "option_value")
_ENDING = "options"
_MOST = 5  # prefixes that are named


def settings_of_site(options: WordPressOptions, base: Path) -> Settings:
    """What is kept of WP Fusion's settings in the site's database. Raises SourceFailed."""
    found = read_options(options, base, (SETTINGS, *_INVENTORIES))
    if SETTINGS not in found:
        raise SourceFailed("E940", f"`{options_table(options)}` has no row `{SETTINGS}`")
    settings = _value(SETTINGS, found[SETTINGS])
    if not isinstance(settings, Mapping) or not settings:
        raise SourceFailed("E940", f"`{SETTINGS}` is empty")
    caches = {setting: _value(name, found[name]) for name, setting in _INVENTORIES.items() if found.get(name)}
    return sieved({**settings, **caches})


def read_options(options: WordPressOptions, base: Path, names: Sequence[str]) -> Mapping[str, str]:
    """The values of those options that are there, as they are stored. `names`: plain ones. Raises SourceFailed."""
    table = options_table(options)
    tables = opened(options.database, base / options.sqlite if options.sqlite else None)
    try:
        there = tables.tables(_ENDING)
        if table not in there:
            fix = _prefix(there) if options.site == 1 else "say which site of the network: --option site=N"
            raise SourceFailed("E433", f"`{table}`", fix)
        wanted = ", ".join(literal(name) for name in names)
        rows = tables.read({name: name for name in _COLUMNS}, f"FROM {table} WHERE option_name IN ({wanted})")
    finally:
        tables.close()
    return {row["option_name"]: row["option_value"] or "" for row in rows.to_pylist()}


def _prefix(there: Sequence[str]) -> str:
    known = ", ".join(f"`{name.removesuffix(_ENDING)}`" for name in sorted(there)[:_MOST] if name != _ENDING)
    fix = "say what the names of the site's tables begin with: --option table_prefix=..."
    return f"{fix}; there is {known}" if known else f"{fix}; no table of this database ends in `{_ENDING}`"


def options_table(options: WordPressOptions) -> str:
    """The table's name; of a network each site has its own."""
    return f"{options.own_prefix}{_ENDING}"


def _value(name: str, written: str) -> Plain:
    try:
        return unserialised(written) if is_serialised(written) else written
    except Unserialisable as why:
        raise SourceFailed("E939", f"`{name}` {why}") from None
