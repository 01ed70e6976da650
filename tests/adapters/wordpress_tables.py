"""A WordPress site's tables, made by hand in MariaDB or SQLite with the columns and indexes of WordPress."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from servers.databases import Database

from reconciler.adapters.opening import Opening
from reconciler.adapters.wordpress.options import WordPressOptions
from reconciler.adapters.wordpress.sql import SqlSource
from reconciler.model.clock import Clock

_USERS = (
    "CREATE TABLE {0} (ID {1}, user_login {2} NOT NULL, user_pass {3} NOT NULL, user_nicename {2} NOT NULL, "
    "user_email {2} NOT NULL, user_url {2} NOT NULL, user_registered {4} NOT NULL, "
    "user_activation_key {3} NOT NULL, user_status int NOT NULL DEFAULT 0, display_name {3} NOT NULL)"
)
_META = (
    "CREATE TABLE {0} (umeta_id {1}, user_id bigint unsigned NOT NULL, "
    "meta_key varchar(255){3} NULL, meta_value {2} NULL)"
)


@dataclass
class Site:
    """`database`: one of MariaDB; None: a file of SQLite in `folder`."""

    folder: Path
    database: Database | None = None
    prefix: str = "wp_"
    charset: str = "utf8mb4"
    collation: str = "unicode_ci"
    users: list[tuple[Any, ...]] = field(default_factory=list)
    meta: list[tuple[Any, ...]] = field(default_factory=list)

    def user(self, id: int, email: str = "", registered: str = "2024-03-03 10:00:00", **meta: str | list[str]) -> Site:
        """One user; a list in `meta` is several rows of one key."""
        name = f"user{id}"
        self.users.append((id, name, "$P$secret", name, email, "", registered, "k", 0, f"User {id}"))
        for key, value in meta.items():
            self.meta += [(id, key, one) for one in (value if isinstance(value, list) else [value])]
        return self

    def made(self) -> Site:
        """The tables with what was declared."""
        key, text, short, day = (
            "bigint unsigned AUTO_INCREMENT PRIMARY KEY",
            "varchar(100)",
            "varchar(255)",
            "datetime",
        )
        big, nocase = "longtext", ""
        if self.database is None:  # WordPress's columns of SQLite do not tell capital letters apart, either
            key, day, nocase = "integer PRIMARY KEY", "text", " COLLATE NOCASE"
        tail = f" DEFAULT CHARACTER SET {self.charset} COLLATE {self.charset}_{self.collation}" if self.database else ""
        users, meta = f"{self.prefix}users", f"{self.prefix}usermeta"
        index = f"CREATE INDEX {meta}_key ON {meta} (meta_key{'(191)' if self.database else ''})"
        if self.database:
            index = f"ALTER TABLE {meta} ADD KEY user_id (user_id), ADD KEY meta_key (meta_key(191))"
        self.run(_USERS.format(users, key, text, short, day) + tail, _META.format(meta, key, big, nocase) + tail, index)
        self.insert(
            users,
            "ID, user_login, user_pass, user_nicename, user_email, user_url, user_registered, "
            "user_activation_key, user_status, display_name",
            self.users,
        )
        self.insert(meta, "user_id, meta_key, meta_value", self.meta)
        return self

    def insert(self, table: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        mark = "%s" if self.database else "?"
        statement = f"INSERT INTO {table} ({columns}) VALUES ({', '.join([mark] * len(rows[0]))})"
        with closing(self.connected()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute("SET sql_mode = ''") if self.database else None
            cursor.executemany(statement, rows)
            connection.commit()

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        with closing(self.connected()) as connection, closing(connection.cursor()) as cursor:
            for statement in statements:
                cursor.execute(statement)
            rows = list(cursor.fetchall()) if cursor.description else []
            connection.commit()
            return rows

    def connected(self) -> Any:
        return self.database.connected() if self.database else sqlite3.connect(self.folder / "site.db")

    @property
    def url(self) -> str:
        return self.database.url if self.database else f"sqlite:///{self.folder / 'site.db'}"

    def source(self, users: int = 2, **options: Any) -> SqlSource:
        """`users`: of one range."""
        given = {"url": self.url, "table_prefix": self.prefix, **options}
        return SqlSource(WordPressOptions.model_validate(given), Opening(self.folder, Clock.system()), users)

    def people(self, *columns: str, **options: Any) -> list[tuple[Any, ...]]:
        source = self.source(**options)
        try:
            rows = [row for batch in source.read(columns) for row in batch.to_pylist()]
            return [tuple(row[name] for name in columns) for row in rows]
        finally:
            source.close()
