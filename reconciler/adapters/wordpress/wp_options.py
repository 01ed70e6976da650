"""A site's options: rows of its table `options`, read from its database and never written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.wordpress.serialised import Unserialisable, is_serialised, unserialised
from reconciler.model.wp_fusion import Plain, Settings, sieved

if TYPE_CHECKING:
    from reconciler.adapters.source import Source
    from reconciler.adapters.wordpress.options import WordPressOptions

SETTINGS = "wpf_options"
_INVENTORIES = {"wpf_crm_fields": "crm_fields", "wpf_available_tags": "available_tags"}
"""Option -> the setting that it was before 3.37."""

_COLUMNS = ("option_name", "option_value")
_QUERY = "SELECT option_name, option_value FROM {table} WHERE option_name IN ({names})"
_PREFIX = "say what the names of the site's tables begin with: --option table_prefix=..."


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
    source = _source(options, base, names)
    try:
        rows = [row for batch in source.read(_COLUMNS) for row in batch.to_pylist()]
    except SourceFailed as failed:
        if failed.code == "E410":
            return {}
        if failed.code == "E433" or (options.sqlite and failed.code == "E435"):
            raise SourceFailed("E433", f"`{options_table(options)}`", _PREFIX) from None
        raise
    finally:
        source.close()
    return {row["option_name"]: row["option_value"] or "" for row in rows}


def options_table(options: WordPressOptions) -> str:
    """The table's name; of a network each site has its own."""
    return f"{options.table_prefix}{f'{options.site}_' if options.site > 1 else ''}options"


def _source(options: WordPressOptions, base: Path, names: Sequence[str]) -> Source:
    from reconciler.adapters.mysql import MysqlOptions, MysqlSource
    from reconciler.adapters.sqlite import SqliteOptions, SqliteSource

    quote = '"' if options.sqlite else "`"
    table = f"{quote}{options_table(options)}{quote}"
    query = _QUERY.format(table=table, names=", ".join(f"'{name}'" for name in names))
    if options.sqlite:
        return SqliteSource(base / options.sqlite, SqliteOptions(path=options.sqlite, query=query))
    if options.url is None:
        raise AssertionError("a site without a database was not asked for its options")
    return MysqlSource(MysqlOptions(url=options.url, query=query))


def _value(name: str, written: str) -> Plain:
    try:
        return unserialised(written) if is_serialised(written) else written
    except Unserialisable as why:
        raise SourceFailed("E939", f"`{name}` {why}") from None
