"""A WordPress site's users out of MariaDB: CPU of client and server together, against pivoting in SQL on the server.

`python -m bench.wordpress [USERS]`: 1,000,000 users with 20 rows of meta data each, on a server of its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pymysql

from reconciler.adapters.mysql import MysqlOptions, MysqlSource
from reconciler.adapters.opening import Opening
from reconciler.adapters.wordpress.options import WordPressOptions
from reconciler.adapters.wordpress.sql import SqlSource
from reconciler.model.clock import Clock

KEYS = [f"key_{number:02}" for number in range(18)] + ["wp_capabilities", "interests"]
SHOWN = ["user_id", "user_email", *KEYS]
_TICKS = 100


def fill(url: str, users: int, folder: Path) -> None:
    """The site's tables, from files that the server reads by itself."""
    roles = ['a:1:{s:10:"subscriber";b:1;}', 'a:1:{s:6:"editor";b:1;}']
    lists = ['a:2:{i:0;s:4:"golf";i:1;s:5:"chess";}', "a:0:{}", 'a:1:{i:0;s:3:"art";}']
    with (folder / "users").open("w") as people, (folder / "meta").open("w") as meta:
        for n in range(1, users + 1):
            people.write(f"{n}\tuser{n}\tp\tuser{n}\tuser{n}@example.org\t\t2024-03-03 10:00:00\t\t0\tUser {n}\n")
            texts = [f"value {(n * 7919 + k) % 9973} of {k}" for k in range(18)]
            for key, value in zip(KEYS, [*texts, roles[n % 9 == 0], lists[n % 3]], strict=True):
                meta.write(f"\\N\t{n}\t{key}\t{value}\n")
    with closing(connected(url)) as connection, closing(connection.cursor()) as cursor:
        cursor.execute(
            "CREATE TABLE wp_users (ID bigint unsigned AUTO_INCREMENT PRIMARY KEY, user_login varchar(60) NOT NULL, "
            "user_pass varchar(255) NOT NULL, user_nicename varchar(50) NOT NULL, user_email varchar(100) NOT NULL, "
            "user_url varchar(100) NOT NULL, user_registered datetime NOT NULL, user_activation_key varchar(255) "
            "NOT NULL, user_status int NOT NULL, display_name varchar(250) NOT NULL) "
            "DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
        )
        cursor.execute(
            "CREATE TABLE wp_usermeta (umeta_id bigint unsigned AUTO_INCREMENT PRIMARY KEY, user_id bigint unsigned "
            "NOT NULL, meta_key varchar(255), meta_value longtext, KEY user_id (user_id), "
            "KEY meta_key (meta_key(191))) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
        )
        for table, name in (("wp_users", "users"), ("wp_usermeta", "meta")):
            cursor.execute(f"LOAD DATA INFILE '{folder / name}' INTO TABLE {table}")
        connection.commit()


def ours(url: str) -> int:
    source = SqlSource(WordPressOptions.model_validate({"url": url}), Opening(Path(), Clock.system()))
    return sum(batch.num_rows for batch in source.read(SHOWN))


def pivoted(url: str) -> int:
    """What one statement does that groups by user, as it is usually written."""
    columns = ", ".join(f"MAX(CASE WHEN m.meta_key = '{key}' THEN m.meta_value END) AS {key}" for key in KEYS)
    query = (
        f"SELECT u.ID AS user_id, u.user_email, {columns} FROM wp_users u JOIN wp_usermeta m ON m.user_id = u.ID "
        "GROUP BY u.ID, u.user_email"
    )
    source = MysqlSource(MysqlOptions.model_validate({"url": url, "query": query}))
    return sum(batch.num_rows for batch in source.read(SHOWN))


@contextmanager
def site() -> Iterator[tuple[str, Path, int]]:
    """An empty database on a private server: its address, a folder that the server may read files in, its process."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from servers.mariadb import mariadb

    with mariadb() as server:
        with closing(connected(server.address("mysql"))) as connection, closing(connection.cursor()) as cursor:
            cursor.execute("CREATE DATABASE site CHARACTER SET utf8mb4")
            cursor.execute("SET GLOBAL innodb_buffer_pool_size = 1073741824")
            cursor.execute("SELECT @@secure_file_priv")
            ((folder,),) = cursor.fetchall()
        yield server.address("site"), Path(folder), server.process


def main() -> int:
    if len(sys.argv) > 2:  # in a process of its own, for its peak of memory
        count = {"ours": ours, "pivoted": pivoted}[sys.argv[1]](sys.argv[2])
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(count, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
        return 0
    users = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with site() as (url, folder, process):
        fill(url, users, folder)
        _once("ours", url, process)  # so that both find the pages in memory
        found = {name: _once(name, url, process) for name in ("ours", "pivoted")}
    for name, (client, served, peak) in found.items():
        print(f"{name}: client {client:.1f} s, server {served:.1f} s, peak {peak:.0f} MiB", file=sys.stderr)
    total = {name: client + served for name, (client, served, _) in found.items()}
    ratio = total["ours"] / total["pivoted"]
    print(json.dumps({"users": users, "ratio": ratio, "mebibytes": found["ours"][2]}))
    return 0


def _once(name: str, url: str, server: int) -> tuple[float, float, float]:
    before = _cpu(server)
    command = [sys.executable, "-m", "bench.wordpress", name, url]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    time.sleep(0.2)
    return float(said[1]), _cpu(server) - before, float(said[2])


def _cpu(process: int) -> float:
    """Seconds of a process and of its children."""
    found = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        parts = text.rpartition(") ")[2].split()
        if process in (int(stat.parent.name), int(parts[1])):
            found += (int(parts[11]) + int(parts[12])) / _TICKS
    return found


def connected(url: str) -> Any:
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    return pymysql.connect(
        host=parts.hostname,
        port=parts.port or 0,
        user=parts.username,
        password=parts.password or "",
        database=parts.path[1:],
        charset="utf8mb4",
    )


if __name__ == "__main__":
    sys.exit(main())
