"""Users of a running WordPress whom nobody expects, beside many whom everybody does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from filled import opened
from servers.wordpress import Meta, Site, people

TEXTS = ("points", "billing_phone", "billing_country", "date_of_birth", "newsletter", "odd")
LISTS = ("interests",)
COLUMNS = (
    "user_id",
    "user_login",
    "user_email",
    "user_url",
    "user_nicename",
    "display_name",
    "user_registered",
    "roles",
    "first_name",
    "last_name",
    "nickname",
    "description",
    *TEXTS,
)
AUTHOR = 'a:1:{s:6:"author";b:1;}'
TWO = 'a:2:{s:6:"editor";b:1;s:6:"author";b:1;}'
ODD: dict[str, tuple[dict[str, object], list[tuple[str, str | None]]]] = {
    "no e-mail": ({"user_email": ""}, [("wp_capabilities", AUTHOR)]),
    "emoji": ({"display_name": "Zoë 😀"}, [("first_name", "👩‍👩‍👧"), ("odd", "a 😀 b"), ("wp_capabilities", AUTHOR)]),
    "quotes": ({"display_name": 'O\'Neil "Q"'}, [("last_name", "D'\"A\\ngelo"), ("odd", "a\\b 'c' \"d\"")]),
    "lines and commas": ({}, [("description", "one\ntwo"), ("odd", "a,b;c\td\r\ne"), ("wp_capabilities", AUTHOR)]),
    "a key twice": ({}, [("points", "8"), ("points", "9"), ("wp_capabilities", AUTHOR)]),
    "no role": ({}, [("wp_capabilities", "a:0:{}"), ("points", "1")]),
    "nothing at all": ({"user_url": "https://example.org/?a=1&b=2"}, []),
    "two roles": ({}, [("wp_capabilities", TWO)]),
    "a role switched off": ({}, [("wp_capabilities", 'a:2:{s:6:"editor";b:0;s:6:"author";b:1;}')]),
    "more than roles": ({}, [("wp_capabilities", 'a:2:{s:6:"author";b:1;s:10:"list_users";b:1;}')]),
    "a zero day": ({"user_registered": "0000-00-00 00:00:00"}, [("wp_capabilities", AUTHOR)]),
    "white space": ({}, [("odd", "  two  "), ("first_name", " Ada "), ("wp_capabilities", AUTHOR)]),
    "markup": ({}, [("description", "<b>a & b</b>"), ("odd", "&amp; <i>"), ("wp_capabilities", AUTHOR)]),
    "lists": ({}, [("interests", 'a:2:{i:0;s:6:"göl,f";i:1;s:4:"😀";}'), ("wp_capabilities", AUTHOR)]),
}
"""What is odd about somebody -> the row of users, the rows of meta data."""


def fill(site: Site, count: int) -> None:
    """So many people, and one of each odd kind behind them; REST shows everything."""
    users, meta = people(count)
    for number, (user, rows) in enumerate(ODD.values(), 5001):
        users.append({"ID": number, **user})
        meta += [(number, key, text) for key, text in rows]
    site.fill(users, meta)
    site.expose(TEXTS, LISTS)


def by_sql(site: Site, **more: Any) -> dict[str, Any]:
    return {"url": site.url, "table_prefix": site.prefix, **more}


def by_rest(site: Site, **more: Any) -> dict[str, Any]:
    return {"api": site.api, "user": site.user, "password": site.password, **more}


def rows(options: dict[str, Any], *columns: str) -> list[tuple[str | None, ...]]:
    """What that source says of everybody."""
    source = opened("wordpress", Path(), **options)
    try:
        found = [row for batch in source.read(columns) for row in batch.to_pylist()]
        return [tuple(row[name] for name in columns) for row in found]
    finally:
        source.close()


def one(number: int, key: str, text: str | None) -> list[Meta]:
    return [(number, key, text)]
