"""`type: wordpress` as a file names it: its options. What reads and writes is imported when the source is opened.

What is in a site's tables: https://developer.wordpress.org/advanced-administration/wordpress/database/ and the
transcripts of sites that ran.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator

from reconciler.adapters.databases import Url, say
from reconciler.adapters.statements import MYSQL, SQLITE
from reconciler.adapters.wordpress.join_options import JoinOptions, checked
from reconciler.model.capabilities import Writes

if TYPE_CHECKING:
    from reconciler.adapters.opening import Opening
    from reconciler.adapters.source import Source

_SQLITE = re.compile(r"sqlite:///(?P<path>[^?#]+)")
_OF_SQL = ("url", "table_prefix", "site", "repeated", "joins")
_OF_REST = ("api", "user", "password")


class WordPressOptions(BaseModel):
    """Options of `type: wordpress`: either `url`, or `api` with `user` and `password`."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)

    url: Url | None = Field(
        default=None, description="the site's database: mysql://USER:PASSWORD@HOST/DATABASE, or sqlite:///PATH"
    )
    table_prefix: str = Field(
        default="wp_", pattern=r"^[A-Za-z0-9_$]+$", description="what the names of its tables begin with"
    )
    site: int = Field(
        default=1, ge=1, le=2**31 - 1, description="of a network of sites: the number of the one whose users are meant"
    )
    repeated: list[str] = Field(
        default_factory=list, description="meta keys of which all rows of a person count, as a list; else the first one"
    )
    joins: dict[str, JoinOptions] = Field(
        default_factory=dict,
        description="columns of other tables, by join: `{}` for a ready-made one, or a `query`",
    )
    api: str | None = Field(
        default=None, pattern=r"^https?://[^?#\s]+$", description="instead of the database: https://SITE/wp-json"
    )
    user: str | None = Field(default=None, min_length=1, description="of `api`: who reads, an administrator's login")
    password: SecretStr | None = Field(
        default=None, min_length=1, description="of `api`: an application password of that user, from outside the file"
    )

    @field_validator("joins")
    @classmethod
    def _joins(cls, joins: dict[str, JoinOptions], info: ValidationInfo) -> dict[str, JoinOptions]:
        if "url" not in info.data:  # it could not be had, which is said already
            return joins
        url = info.data["url"]
        return checked(joins, SQLITE if isinstance(url, Url) and _SQLITE.fullmatch(url.text) else MYSQL)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.url is None) is (self.api is None):
            raise say("the source wants either `url`, a database, or `api`, the site's REST API")
        if self.api is not None and (self.user is None or self.password is None):
            raise say("`api` wants a `user` and an application `password`")
        way, others = ("api", _OF_SQL) if self.api is not None else ("url", _OF_REST)
        if wrong := [name for name in others if name in self.model_fields_set]:
            raise say(f"`{wrong[0]}` goes with `{'api' if way == 'url' else 'url'}`, not with `{way}`")
        if self.url is not None and (why := self._refusal(self.url)):
            raise say(why)
        return self

    @property
    def database(self) -> Url:
        return self.url or Url("")

    @property
    def own_prefix(self) -> str:
        """What the names of the site's own tables begin with, and of what it keeps of a member."""
        return self.table_prefix + (f"{self.site}_" if self.site > 1 else "")

    @property
    def capabilities(self) -> str:
        """The meta key that holds a member's rights on this site."""
        return f"{self.own_prefix}capabilities"

    @property
    def sqlite(self) -> str | None:
        """The file of a site that keeps its tables in SQLite."""
        found = _SQLITE.fullmatch(self.url.text) if self.url else None
        return unquote(found["path"]) if found else None

    def _refusal(self, url: Url) -> str | None:
        if _SQLITE.fullmatch(url.text):
            return None
        from reconciler.adapters.mysql_connection import refusal

        return refusal(url) and "the address of a site's database begins with mysql://, mariadb:// or sqlite:///"


class _Adapter:
    Options = WordPressOptions
    writes = Writes("what users know of themselves; never roles, passwords or an administrator's e-mail")

    def open(self, options: WordPressOptions, opening: Opening) -> Source:
        if options.api is not None:
            from reconciler.adapters.wordpress.rest import RestSource

            return RestSource(options, opening)
        from reconciler.adapters.wordpress.sql import SqlSource

        return SqlSource(options, opening)


ADAPTER = _Adapter()
