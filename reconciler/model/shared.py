"""Where what is remembered lies, if it is no folder of this machine: the section `state` of a file, as it was read."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.model.problems import Place

LEASE = 60
"""Seconds that an apply may be silent before another one may take its place, unless the file says otherwise."""


@dataclass(frozen=True, slots=True)
class PostgresPlace:
    """`url` may hold a password. `schema` "": the first one of the search path."""

    url: str = field(repr=False)
    schema: str = ""

    @property
    def label(self) -> str:
        return "postgres"


@dataclass(frozen=True, slots=True)
class S3Place:
    """`prefix` "" or something that ends with a slash. What is None is looked for where Amazon's own tools look."""

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None
    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)

    @property
    def label(self) -> str:
        return f"s3 bucket {self.bucket}"


@dataclass(frozen=True, slots=True)
class SharedState:
    """`name`: which of the states of that place. `key`: 32 bytes under which all is sealed, or None. `lease`: in
    seconds."""

    place: PostgresPlace | S3Place
    name: str
    where: Place
    key: bytes | None = field(default=None, repr=False)
    lease: int = LEASE

    @property
    def label(self) -> str:
        """How it is called in what is shown: no address and no secret."""
        return f"{self.place.label}, `{self.name}`"
