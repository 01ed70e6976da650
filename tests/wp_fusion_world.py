"""WP Fusion's settings as its versions leave them: PHP-serialised, in an export or in a site's table of options."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

CACHES = {"crm_fields": "wpf_crm_fields", "available_tags": "wpf_available_tags"}
"""Settings that lie in rows of their own since 3.37."""

CASES = Path(__file__).parent / "config" / "wp_fusion"


def case(name: str) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    return settings


def cases() -> list[str]:
    return sorted(path.stem for path in CASES.glob("*.json"))


def serialised(value: Any) -> str:
    """As PHP writes it: lists are arrays by position, texts have the number of their bytes."""
    if value is None:
        return "N;"
    if isinstance(value, bool):
        return f"b:{value:d};"
    if isinstance(value, int):
        return f"i:{value};"
    if isinstance(value, float):
        return f"d:{value!r};"
    if isinstance(value, str):
        return f's:{len(value.encode())}:"{value}";'
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
    written = [_key(key) + serialised(inner) for key, inner in pairs]
    return f"a:{len(written)}:{{{''.join(written)}}}"


def _key(key: Any) -> str:
    """PHP makes a whole number of a key that looks like one."""
    text = str(key)
    return f"i:{text};" if text.isdecimal() and str(int(text)) == text else serialised(text)


def export(settings: Mapping[str, Any]) -> str:
    """The CSV: scalars bare, everything else serialised, every cell quoted."""
    return "".join(f"{_cell(name)},{_cell(_bare(value))}\n" for name, value in settings.items())


def _bare(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return "1" if value else ""
    return str(value) if isinstance(value, str | int | float) else serialised(value)


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def site(file: Path, settings: Mapping[str, Any], apart: bool = True, table: str = "wp_options") -> None:
    """A table of options in an SQLite file. `apart`: the inventories lie in rows of their own, as since 3.37."""
    rows = {CACHES[name]: value for name, value in settings.items() if apart and name in CACHES}
    rows["wpf_options"] = {name: value for name, value in settings.items() if not (apart and name in CACHES)}
    options(file, {name: serialised(value) for name, value in rows.items()}, table)


def options(file: Path, rows: Mapping[str, str], table: str = "wp_options") -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"CREATE TABLE {table} (option_id INTEGER PRIMARY KEY, option_name, option_value, autoload)")
        connection.executemany(
            f"INSERT INTO {table} (option_name, option_value) VALUES (?, ?)", [("siteurl", "x"), *rows.items()]
        )


_USERS = (
    "ID, user_login, user_pass, user_nicename, user_email, user_url, user_registered, user_activation_key, display_name"
)


def users(file: Path, people: Mapping[str, Mapping[str, str]]) -> None:
    """The users of a site, numbered from 1, by e-mail, each with meta values by key."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"CREATE TABLE wp_users ({_USERS.replace('ID,', 'ID INTEGER PRIMARY KEY,')})")
        connection.execute("CREATE TABLE wp_usermeta (umeta_id INTEGER PRIMARY KEY, user_id, meta_key, meta_value)")
        for number, (email, meta) in enumerate(people.items(), 1):
            name = f"user{number}"
            row = (number, name, "$P$hash", name, email, "", "2024-03-03 10:00:00", "", name)
            connection.execute(f"INSERT INTO wp_users ({_USERS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            connection.executemany(
                "INSERT INTO wp_usermeta (user_id, meta_key, meta_value) VALUES (?, ?, ?)",
                [(number, key, value) for key, value in meta.items()],
            )
