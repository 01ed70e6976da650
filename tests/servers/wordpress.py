"""A private WordPress: Debian's package, its tables in a private MariaDB or, by the plugin for that, in an SQLite file.

The plugin (`sqlite-database-integration`) comes out of an npm package, fetched once and kept. The site is a
copy in a folder of its own, served by PHP itself on loopback; `expose` writes a must-use plugin into it.

`python -m servers.wordpress COMMAND` (with `tests` on PYTHONPATH) runs a command while a site with 1,000 people runs.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from servers import Server, folder, free_port, missing, program, running, wrapped
from servers.databases import Database, database
from servers.npm import out_of

PACKAGE = Path("/usr/share/wordpress")
WORKERS = 4  # requests at once
_PHP = Path(__file__).with_name("site")
_EXTENSIONS = {"mysql": ("mysqli", "curl", "mbstring", "xml"), "sqlite": ("pdo_sqlite", "curl", "mbstring", "xml")}
_PLUGIN = "@wp-playground/cli@3.1.56"
_PLUGIN_IS = "JTxl6djPEM2YRYz/w+BUoyoCvhSGHIjqMi4fMV1b8o1UPNvZatLaS7opo57UsrVElXrfdZwvi6IuyS4LswUx9Q=="
_TOGETHER = """
parent=$1; shift
(while kill -0 "$parent" && kill -0 $$; do sleep 0.5; done; kill -KILL 0) 2>/dev/null &
exec "$@"
"""
_USER = ("ID", "user_login", "user_pass", "user_nicename", "user_email", "user_url", "user_registered", "display_name")
_SECOND = """
update_network_option(1, 'using_application_passwords', 1);
switch_to_blog(wp_insert_site(['domain' => DOMAIN_CURRENT_SITE, 'path' => '/two/', 'network_id' => 1, 'user_id' => 1]));
update_option('permalink_structure', '/%postname%/');
foreach (['home', 'siteurl'] as $name) update_option($name, 'http://' . DOMAIN_CURRENT_SITE . '/two');
$wpdb->update($wpdb->blogs, ['domain' => DOMAIN_CURRENT_SITE], ['blog_id' => 2]); // it has lost the colon of the port
clean_blog_cache(2);
"""
_PLUGGED = "<?php eval(file_get_contents(__DIR__ . '/tests.txt'));"  # PHP keeps files for seconds; this one is no PHP
Meta = tuple[int, str, str | None]  # a user's number, a key, a stored text


@dataclass(frozen=True, slots=True)
class Site:
    """It runs. `kind`: where its tables are, "mysql" or "sqlite". `url`, `api`, `user`, `password`: as a file names
    them."""

    kind: str
    home: str
    folder: Path
    password: str
    prefix: str
    tables: Database | Path
    user: str = "admin"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.tables}" if isinstance(self.tables, Path) else self.tables.url

    @property
    def api(self) -> str:
        return f"{self.home}/wp-json"

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """Carry them out in the site's database; the rows of the last one."""
        if isinstance(self.tables, Database):
            return self.tables.run(*statements)
        with closing(sqlite3.connect(self.tables)) as connection, connection:
            return [connection.execute(statement).fetchall() for statement in statements][-1]

    def fill(self, users: Iterable[Mapping[str, object]], meta: Iterable[Meta]) -> None:
        """More users, named by the columns of the table; what is missing is made up from `ID`."""
        self._insert("users", _USER, [tuple(_whole(user)[name] for name in _USER) for user in users])
        self._insert("usermeta", ("user_id", "meta_key", "meta_value"), list(meta))

    def empty(self) -> None:
        """Only its administrator is left, nothing is exposed."""
        more = f"SELECT ID FROM {self.prefix}users WHERE ID <> 1"
        self.run(
            f"DELETE FROM {self.prefix}usermeta WHERE user_id IN ({more})",
            f"DELETE FROM {self.prefix}usermeta WHERE user_id = 1 AND NOT ({self._of_administrator()})",
            f"DELETE FROM {self.prefix}users WHERE ID <> 1",
        )
        self.expose(())

    def expose(self, keys: Iterable[str], lists: Iterable[str] = ()) -> None:
        """REST shows these meta keys of users, and writes them, from now on; and no others. `lists`: those that hold
        one."""
        text = "'type' => 'string', 'single' => true, 'show_in_rest' => true"
        schema = "['schema' => ['type' => 'array', 'items' => ['type' => 'string']]]"
        array = f"'type' => 'array', 'single' => true, 'show_in_rest' => {schema}"
        self.must_use("\n".join(_registered(keys, kind) for keys, kind in ((keys, text), (lists, array))))

    def must_use(self, code: str) -> None:
        """The site's plugin is this PHP from now on."""
        place = self.folder / "wp-content" / "mu-plugins"
        (place / "tests.new").write_text(code, encoding="utf-8")
        (place / "tests.new").replace(place / "tests.txt")

    def php(self, code: str) -> str:
        """What this PHP says, run inside the site."""
        host = self.home.partition("//")[2]
        load = f"$_SERVER['HTTP_HOST'] = '{host}'; $_SERVER['REQUEST_URI'] = '/'; require '{self.folder}/wp-load.php';"
        return _said(["-r", f"{load}\n{code}"], self.folder)

    def _insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        mark, connected = ("%s", self.tables.connected) if isinstance(self.tables, Database) else ("?", self._file)
        marks = ", ".join([mark] * len(columns))
        statement = f"INSERT INTO {self.prefix}{table} ({', '.join(columns)}) VALUES ({marks})"
        with closing(connected()) as connection:
            cursor = connection.cursor()
            if isinstance(self.tables, Database):
                cursor.execute("SET sql_mode = ''")  # as WordPress does: its zero date is no date
            cursor.execute("BEGIN")
            for start in range(0, len(rows), 2000):
                cursor.executemany(statement, rows[start : start + 2000])
            cursor.execute("COMMIT")

    def _file(self) -> sqlite3.Connection:
        assert isinstance(self.tables, Path)
        return sqlite3.connect(self.tables, isolation_level=None, timeout=30)

    def _of_administrator(self) -> str:
        kept = f"'{self.prefix}capabilities', '{self.prefix}user_level', '_application_passwords', 'primary_blog'"
        return (
            f"meta_key IN ({kept}, 'wp_2_capabilities', 'nickname', 'first_name', 'last_name', 'description', 'locale')"
        )


@contextmanager
def wordpress(server: Server | None, prefix: str = "wp_", network: bool = False) -> Iterator[Site]:
    """A site with its administrator, its tables in a new database of that server; None: in an SQLite file. `network`:
    it is the first of two; the second is `/two/`, and its tables begin with `wp_2_`."""
    kind = "sqlite" if server is None else "mysql"
    demand(kind)
    with ExitStack() as stack:
        place = stack.enter_context(folder(None))
        root, port = place / "site", free_port()
        host = f"127.0.0.1:{port}"
        shutil.copytree(PACKAGE, root, ignore=shutil.ignore_patterns("wp-config.php", ".htaccess"))
        (root / "wp-content" / "mu-plugins").mkdir()
        (root / "wp-content" / "mu-plugins" / "tests.php").write_text(_PLUGGED)
        constants: dict[str, object] = {"WP_HOME": f"http://{host}", "WP_SITEURL": f"http://{host}"}
        tables: Database | Path
        if server is None:
            tables = place / "tables" / "site.sqlite"
            tables.parent.mkdir()
            _plug(root)
            constants |= {"DB_DIR": f"{tables.parent}/", "DB_FILE": tables.name, "DB_NAME": "wordpress"}
        else:
            tables = stack.enter_context(database("mysql", server))
            constants |= _account(tables)
        _settle(place, constants, prefix)
        (root / "wp-content" / "mu-plugins" / "tests.txt").touch()
        shutil.copy(_PHP / "wp-config.php", root)
        password = _said([_PHP / "install.php", root, host], place)
        site = Site(kind, f"http://{host}", root, password, prefix, tables)
        if network:
            _said([_PHP / "network.php", root, host], place)
            _settle(place, _of_network(constants, host), prefix)
            site.php(_SECOND)
        site.expose(())
        with running(
            _together(["php", "-S", host, "-t", str(root)]), place / "log", lambda: _answers(site), _serving()
        ):
            yield site


def people(count: int, prefix: str = "wp_") -> tuple[list[dict[str, object]], list[Meta]]:
    """So many made-up people, the same ones every time, as `Site.fill` takes them."""
    names = ("Ada", "Björn", "O'Neil", "李", "Núria", "Zoë", "Émile", "Ana")
    surnames = ("García", "D'Angelo", "Kim", "Smith-Jones", "Øster", "von Ärm", "Ng")
    roles = ("subscriber", "customer", "editor", "author")
    users: list[dict[str, object]] = []
    meta: list[Meta] = []
    for n in range(1, count + 1):
        first, last = names[n % len(names)], surnames[n % len(surnames)]
        registered = f"{2019 + n % 6}-{n % 12 + 1:02}-{n % 28 + 1:02} {n % 24:02}:30:00"
        users.append({"ID": 1000 + n, "user_registered": registered, "display_name": f"{first} {last}"})
        role = roles[n % len(roles)]
        texts = {
            "nickname": f"user{1000 + n}",
            "first_name": first,
            "last_name": last,
            "description": "",
            "locale": "",
            f"{prefix}capabilities": f'a:1:{{s:{len(role)}:"{role}";b:1;}}',
            f"{prefix}user_level": "0",
            "billing_phone": f"+44 20 7946 {n % 10000:04}" if n % 5 else "",
            "billing_country": ("GB", "FR", "DE")[n % 3],
            "date_of_birth": f"{1950 + n % 50}-{n % 12 + 1:02}-{n % 28 + 1:02}",
            "interests": ('a:2:{i:0;s:4:"yoga";i:1;s:5:"music";}', 'a:1:{i:0;s:4:"yoga";}', "a:0:{}")[n % 3],
            "newsletter": "1" if n % 2 else "",
            "points": str(n * 7 % 1000),
            "membership_level": str(n % 3 + 1),
        }
        meta += [(1000 + n, key, text) for key, text in texts.items()]
    return users, meta


def _whole(user: Mapping[str, object]) -> Mapping[str, object]:
    login = user.get("user_login", f"user{user['ID']}")
    made = {"user_login": login, "user_pass": "!", "user_nicename": login, "user_url": "", "display_name": login}
    return {**made, "user_email": f"{login}@example.org", "user_registered": "2024-03-03 10:00:00", **user}


def _registered(keys: Iterable[str], kind: str) -> str:
    named = _quoted(json.dumps(list(keys)))
    return f"foreach (json_decode({named}) as $key) register_meta('user', $key, [{kind}]);"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _settle(place: Path, constants: Mapping[str, object], prefix: str) -> None:
    (place / "site.json").write_text(json.dumps({"constants": dict(constants), "prefix": prefix}))


def _account(tables: Database) -> dict[str, object]:
    """The site's own account, which may do everything in its database."""
    parts = urlsplit(tables.user("site", f"ALL ON {tables.name}.*"))
    host = f"{parts.hostname}:{parts.port}"
    return {"DB_NAME": tables.name, "DB_USER": parts.username, "DB_PASSWORD": parts.password, "DB_HOST": host}


def _of_network(constants: Mapping[str, object], host: str) -> dict[str, object]:
    """Each of its sites has an address of its own, in its options."""
    kept = {name: value for name, value in constants.items() if not name.startswith("WP_")}
    first = {"SITE_ID_CURRENT_SITE": 1, "BLOG_ID_CURRENT_SITE": 1, "PATH_CURRENT_SITE": "/"}
    return {**kept, "MULTISITE": True, "SUBDOMAIN_INSTALL": False, "DOMAIN_CURRENT_SITE": host, **first}


def _together(command: Sequence[str]) -> list[str]:
    """PHP's workers do not end with their parent: the whole group is ended when a test run is killed."""
    return wrapped(["sh", "-c", _TOGETHER, "sh", str(os.getpid()), *command], None)


def _serving() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG", "TMPDIR")}
    return {**kept, "PHP_CLI_SERVER_WORKERS": str(WORKERS)}


def _answers(site: Site) -> bool:
    try:
        return httpx.get(site.api, timeout=60).status_code == 200
    except httpx.HTTPError:
        return False


def _said(arguments: Sequence[object], place: Path) -> str:
    command = ["php", "-d", "display_errors=stderr", *(str(word) for word in arguments)]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"php: {(done.stdout + done.stderr)[-2000:]}", pytrace=False)
    return done.stdout


def demand(kind: str) -> None:
    """Skips, or fails, where the system has not what such a site needs."""
    if not (PACKAGE / "wp-load.php").exists():
        missing("the package `wordpress` is not installed")
    program("php")
    has = set(subprocess.run(["php", "-m"], check=True, capture_output=True, text=True).stdout.lower().split())
    if lacks := [name for name in _EXTENSIONS[kind] if name not in has]:
        missing(f"PHP has no extension {lacks[0]}")


def _plug(root: Path) -> None:
    """WordPress asks the plugin's `db.php` instead of a server."""
    plugin = root / "wp-content" / "mu-plugins" / "sqlite-database-integration"
    with zipfile.ZipFile(_fetched()) as packed:
        for name in packed.namelist():
            below = plugin / name.partition("/")[2]
            if name.endswith("/"):
                below.mkdir(parents=True, exist_ok=True)
            else:
                below.parent.mkdir(parents=True, exist_ok=True)
                below.write_bytes(packed.read(name))
    _older(plugin / "wp-includes" / "sqlite" / "class-wp-sqlite-db.php")
    text = (plugin / "db.copy").read_text(encoding="utf-8")
    text = text.replace("{SQLITE_IMPLEMENTATION_FOLDER_PATH}", str(plugin))
    text = text.replace("{SQLITE_PLUGIN}", "sqlite-database-integration/load.php")
    (root / "wp-content" / "db.php").write_text(text, encoding="utf-8")


def _older(class_file: Path) -> None:
    """The plugin asks WordPress for a property that it has since 6.2, only to compare it with its own."""
    text, asked = class_file.read_text(encoding="utf-8"), "$this->__get( 'allow_unsafe_unquoted_parameters' )"
    assert text.count(asked) == 1
    class_file.write_text(text.replace(asked, "$this->allow_unsafe_unquoted_parameters"), encoding="utf-8")


def _fetched() -> Path:
    """The plugin. Skips, or fails, where it cannot be had."""
    return out_of(_PLUGIN, _PLUGIN_IS, "package/sqlite-database-integration.zip", "WordPress's plugin for SQLite")


def main(command: Sequence[str]) -> int:
    """The command's exit code. It finds the site in WORDPRESS_URL and WORDPRESS_FOLDER, and in WORDPRESS_API, _USER and
    _PASSWORD."""
    from servers.mariadb import mariadb

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    demand("mysql")
    with mariadb() as server, wordpress(server) as site:
        site.fill(*people(1000))
        env = {"URL": site.url, "API": site.api, "USER": site.user, "PASSWORD": site.password, "FOLDER": site.folder}
        named = {f"WORDPRESS_{name}": str(value) for name, value in env.items()}
        return subprocess.run(command, env={**os.environ, **named}).returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (pytest.skip.Exception, pytest.fail.Exception) as reason:
        sys.exit(f"{reason}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
