"""The section `state`: where what is remembered lies."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

from reconciler.config.collect import Problems, listed
from reconciler.config.models import StateSection
from reconciler.config.options import read_options
from reconciler.config.reading import keys_of, places_of, read
from reconciler.config.tree import Mapping, Scalar
from reconciler.model.shared import LEASE, PostgresPlace, S3Place, SharedState

STATE_KEYS = frozenset(keys_of(StateSection))
LOCAL = "local"

_KEY_BYTES = 32
_SHORTEST, _LONGEST = 5, 3600  # seconds of a lease
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")
_FORM = "state: {type: postgres, url: '${env:STATE_DATABASE_URL}'}"


class LocalOptions(BaseModel):
    """A folder of this machine; `--state` says which."""

    model_config = ConfigDict(extra="forbid")


class _SharedOptions(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    key: SecretStr | None = Field(None, description="32 bytes, as base64 or hex, under which all is encrypted")


class PostgresOptions(_SharedOptions):
    url: str = Field(min_length=1, description="the database: postgresql://USER:PASSWORD@HOST/DATABASE")
    schema_: str | None = Field(None, alias="schema", min_length=1, description="the schema of its tables")

    @field_validator("url")
    @classmethod
    def _of_postgres(cls, url: str) -> str:
        if not url.startswith(("postgres://", "postgresql://")) or "\0" in url:
            raise PydanticCustomError("say", "the address of a PostgreSQL database begins with postgresql://")
        return url

    def place(self) -> PostgresPlace:
        return PostgresPlace(self.url, self.schema_ or "")


class S3Options(_SharedOptions):
    bucket: str = Field(min_length=1, description="the bucket, which exists")
    prefix: str | None = Field(None, description="how the names of all objects begin")
    endpoint: str | None = Field(None, min_length=1, description="address of a server that is not Amazon's")
    region: str | None = Field(None, min_length=1, description="the bucket's region")
    access_key_id: str | None = Field(None, min_length=1, description="instead of AWS_ACCESS_KEY_ID")
    secret_access_key: SecretStr | None = Field(None, description="instead of AWS_SECRET_ACCESS_KEY")
    session_token: SecretStr | None = Field(None, description="instead of AWS_SESSION_TOKEN")

    @field_validator("endpoint")
    @classmethod
    def _of_http(cls, endpoint: str | None) -> str | None:
        if endpoint is not None and not endpoint.startswith(("https://", "http://")):
            raise PydanticCustomError("say", "an endpoint begins with https://, or http:// on this machine")
        return endpoint

    def place(self) -> S3Place:
        prefix = (self.prefix or "").strip("/")
        return S3Place(
            self.bucket,
            f"{prefix}/" if prefix else "",
            self.endpoint,
            self.region,
            self.access_key_id,
            _text(self.secret_access_key),
            _text(self.session_token),
        )


STATES: dict[str, type[BaseModel]] = {LOCAL: LocalOptions, "postgres": PostgresOptions, "s3": S3Options}


def read_state(root: Mapping, file: Path, problems: Problems) -> SharedState | None:
    """The shared state that the file names; None for a folder of this machine, or if it cannot be used, which has been
    noted. `file`: the main file, after which the state is called unless the section says otherwise."""
    section = root.get("state")
    if section is None:
        return None
    if not isinstance(section, Mapping):
        problems.add("E113", "`state` is a mapping of keys", section.where, f"write {_FORM}")
        return None
    entry = read(StateSection, _own(section), "state", problems)
    options = _options(section, problems)
    if entry is None or isinstance(options, LocalOptions):
        return None
    places = dict(places_of(section))
    noted = len(problems.found)
    key = None if options is None else _key(options, section, problems)
    lease = LEASE if entry.lease is None else int(entry.lease)
    if not _SHORTEST <= lease <= _LONGEST:
        problems.add("E341", f"it is {lease} seconds", places.get("lease", section.where))
    name = entry.name or _UNFIT.sub("-", file.stem).strip("-.") or "state"
    if not _NAME.fullmatch(name):
        problems.add("E342", "", places.get("name", section.where))
    if options is None or len(problems.found) > noted:
        return None
    return SharedState(options.place(), name, root.place_of("state"), key, lease)


def _own(section: Mapping) -> Mapping:
    kept = {key: pair for key, pair in section.items.items() if key in STATE_KEYS}
    return Mapping(section.file, section.line, section.column, kept)


def _options(section: Mapping, problems: Problems) -> Any:
    node = section.get("type")
    if not isinstance(node, Scalar) or node.broken or node.is_null:
        return None
    model = STATES.get(node.text)
    if model is None:
        fix = None if node.foreign else problems.meant(node.text, STATES)
        problems.add("E343", "", node.where, fix or f"write {listed(sorted(STATES))}")
        return None
    return read_options(model, section, STATE_KEYS, "state", problems)


def _key(options: Any, section: Mapping, problems: Problems) -> bytes | None:
    """The 32 bytes, written as base64 or as hex; what is wrong is noted without a word of it."""
    written = _text(options.key)
    if written is None:
        return None
    text = written.strip()
    for read_as in (bytes.fromhex, _base64):
        try:
            if len(key := read_as(text)) == _KEY_BYTES:
                return key
        except (ValueError, binascii.Error):
            continue
    node = section.get("key")
    problems.add("E340", "", node.where if node is not None else section.where)
    return None


def _base64(text: str) -> bytes:
    return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)


def _text(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None
