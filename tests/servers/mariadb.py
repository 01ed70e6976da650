"""A private MariaDB server."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pymysql

from servers import PASSWORD, Server, account, folder, free_port, program, running, wrapped


@contextmanager
def mariadb() -> Iterator[Server]:
    daemon = program("mariadbd", "/usr/sbin/mariadbd", "/usr/libexec/mariadbd", "/opt/homebrew/bin/mariadbd")
    install = program("mariadb-install-db")
    owner = account("mysql", "nobody")
    with folder(owner) as place:
        data = ["--no-defaults", f"--datadir={place / 'data'}"]
        made = [*data, "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"]
        subprocess.run(wrapped([str(install), *made], owner), check=True, capture_output=True, cwd=place)
        (place / "init.sql").write_text(
            f"CREATE USER admin@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n"
            "GRANT ALL ON *.* TO admin@'127.0.0.1' WITH GRANT OPTION;\n"
        )
        port = free_port()
        options = [
            f"--init-file={place / 'init.sql'}",
            f"--socket={place / 'socket'}",
            f"--tmpdir={place}",  # a server that starts removes what other servers keep in a folder that they share
            "--bind-address=127.0.0.1",
            f"--port={port}",
            "--skip-log-bin",
            "--skip-name-resolve",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=32M",
            f"--secure-file-priv={place}",
        ]
        url = f"mysql://admin:{PASSWORD}@127.0.0.1:{port}/{{database}}"
        server = [str(daemon), *data, *options]
        with running(wrapped(server, owner), place / "log", lambda: _answers(port)) as process:
            yield Server(port, url, process.pid)


def _answers(port: int) -> bool:
    try:
        pymysql.connect(host="127.0.0.1", port=port, user="admin", password=PASSWORD).close()
    except pymysql.MySQLError:
        return False
    return True
