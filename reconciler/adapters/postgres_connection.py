"""A connection to PostgreSQL: what its address asks for, and its errors in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reconciler.adapters.databases import Url
from reconciler.adapters.errors import SourceAuthFailed, SourceFailed

if TYPE_CHECKING:
    import psycopg

_CONNECT = {
    "fallback_application_name": "reconciler",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
"""What a URL may say otherwise. Keepalives: a server that is gone is noticed within a minute."""

_OF_STATE: dict[str, str] = {
    "28": "E430",
    "08": "E437",
    "57014": "E436",
    "57P": "E437",
    "57": "E437",
    "40": "E437",
    "40P01": "E436",
    "53300": "E431",
    "53": "E437",
    "3D000": "E432",
    "3F000": "E433",
    "42P01": "E433",
    "42501": "E434",
    "42703": "E414",
    "42702": "E413",
    "25006": "E440",
    "25P03": "E437",
    "55P03": "E436",
    "22021": "E422",
    "22P05": "E422",
}
"""Beginning of the server's code of an error, the longest counts -> ours. Any other is E435."""

_OF_CONNECTING: tuple[tuple[str, str], ...] = (
    ("password", "E430"),
    ("authentication", "E430"),
    ("pg_hba", "E430"),
    ('role "', "E430"),
    ('database "', "E432"),
    ("resolve", "E431"),
    ("translate host", "E431"),
    ("refused", "E431"),
    ("timeout", "E431"),
    ("SSL", "E439"),
    ("certificate", "E439"),
)
"""What the client's words for a failed connection hold -> ours. It has no code of the server, and is never shown."""


def connected(url: Url) -> psycopg.Connection[Any]:
    try:
        import psycopg
    except ImportError:
        raise SourceFailed("E438", "`postgres` needs psycopg", "pip install 'crm-reconciler[postgres]'") from None
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    try:
        given = conninfo_to_dict(url.text)
        more = {name: value for name, value in _CONNECT.items() if name not in given}
        return psycopg.connect(make_conninfo(url.text, client_encoding="UTF8", **more), autocommit=True)
    except psycopg.ProgrammingError:
        raise SourceFailed(
            "E431", "the address is no address of a PostgreSQL database", "correct `source.url`"
        ) from None
    except psycopg.Error as error:
        raise _of_connecting(error) from None


def _of_connecting(error: psycopg.Error) -> SourceFailed:
    words = str(error)
    code = next((code for word, code in _OF_CONNECTING if word in words), "E431")
    return _failed(code)


@contextmanager
def said(at: int | None = None) -> Iterator[None]:
    """The server's errors in our words: its own quote data. `at`: where the file's query begins in the statement."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        state = error.sqlstate or "08"
        place = int(error.diag.statement_position or 0) - (at or 0)
        where = f"at character {place} of the query" if at is not None and place > 0 else ""
        raise _of_state(state, where) from None


def _of_state(state: str, where: str) -> SourceFailed:
    """`state`: the five signs by which the server names an error."""
    shown = f"the server's code is {state}" if len(state) == 5 and state.isalnum() and state.isascii() else ""
    return _failed(code_of(state), ", ".join(part for part in (shown, where) if part))


def code_of(state: str) -> str:
    return next((_OF_STATE[state[:size]] for size in range(len(state), 1, -1) if state[:size] in _OF_STATE), "E435")


def _failed(code: str, detail: str = "") -> SourceFailed:
    return (SourceAuthFailed if code in ("E430", "E434") else SourceFailed)(code, detail)
