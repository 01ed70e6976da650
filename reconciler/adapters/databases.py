"""What the sources of databases share: `table` or `query`, an address that may hold a secret, quoted names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, field_validator, model_validator
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.statements import Dialect, Refused, statement


class Url:
    """An address that may hold a password. Only `text` gives it away; it has no other form that could be shown."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return "Url(...)"

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        shown = core_schema.to_string_ser_schema()
        return core_schema.no_info_after_validator_function(
            cls, core_schema.str_schema(min_length=1), serialization=shown
        )


@dataclass(frozen=True, slots=True)
class Server:
    """The parts of a URL, as they are meant: unquoted. `parameters`: by name in lower case, dashes for underscores."""

    scheme: str
    user: str
    password: str = ""
    host: str = ""
    port: int = 0
    database: str = ""
    parameters: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        return "Server(...)"


def server(url: Url) -> Server | None:
    """The parts; None if it is no URL. A driver behind the scheme's `+` is left out."""
    try:
        parts = urlsplit(url.text)
        scheme, port = parts.scheme.partition("+")[0], parts.port or 0
    except ValueError:
        return None
    if not scheme or not url.text.startswith(f"{url.text[: len(parts.scheme)]}://"):
        return None
    parameters = tuple((name.lower().replace("_", "-"), value) for name, value in parse_qsl(parts.query, True))
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Server(scheme, user, password, parts.hostname or "", port, unquote(parts.path[1:]), parameters)


def say(sentence: str, *inside: str) -> PydanticCustomError:
    """An error of an option, shown as it is: it quotes no value. `inside`: the keys that lead to it in the option."""
    return PydanticCustomError("say", "{sentence}", {"sentence": sentence, "inside": inside})


class Asked(BaseModel):
    """What is read of a database: all rows of one table or view, or of one query."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)
    dialect: ClassVar[Dialect]

    table: str | None = Field(default=None, min_length=1, description="the table or view that holds the people")
    query: str | None = Field(default=None, min_length=1, description="one SELECT that gives the people")

    @field_validator("table")
    @classmethod
    def _a_name(cls, table: str | None) -> str | None:
        if table is not None and "\0" in table:
            raise say("a table has no NUL in its name")
        return table

    @field_validator("query")
    @classmethod
    def _one_select(cls, query: str | None) -> str | None:
        if query is None:
            return None
        if "\0" in query:
            raise say("a query has no NUL character")
        try:
            return statement(query, cls.dialect)
        except Refused as refused:
            raise say(str(refused)) from None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.table is None) is (self.query is None):
            raise say("the source wants either `table` or `query`")
        return self

    def label(self) -> str:
        return self.table or "query"

    def cannot_write(self) -> str:
        """Why no values go back, as the middle of a sentence; "" where they do."""
        return "" if self.table is not None else "it is a query, and only a `table` takes values back"

    def name(self) -> tuple[str, ...]:
        """The table's name, after that of its schema where the file says one."""
        return tuple((self.table or "").split(".", 1))

    def named(self, failed: SourceFailed) -> SourceFailed:
        """The same, with the table's name where that is what is missing or kept back."""
        if self.table is not None and failed.code in ("E433", "E434", "E460", "E461"):
            failed.detail = ", ".join(part for part in (f"`{self.table}`", failed.detail) if part)
        return failed


def checked_names(names: list[str], wanted: list[str] | None = None) -> list[str]:
    """The columns' names, if each is there once. Raises SourceFailed, also for a wanted one that is not there."""
    seen: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if not name.strip():
            raise SourceFailed("E412", f"it is column {place} of {len(names)}", "give it a name: `... AS name`")
        if name in seen:
            raise SourceFailed("E413", f"they are columns {seen[name]} and {place}")
        seen[name] = place
    if missing := [name for name in wanted or () if name not in seen]:
        raise SourceFailed("E414", "there is no column " + ", ".join(f"`{name}`" for name in missing))
    return names
