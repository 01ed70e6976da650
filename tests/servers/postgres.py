"""A private PostgreSQL server."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from servers import PASSWORD, Server, account, folder, free_port, program, running, wrapped


@contextmanager
def postgres() -> Iterator[Server]:
    initdb = program(
        "initdb",
        "/usr/lib/postgresql/*/bin/initdb",
        "/usr/pgsql-*/bin/initdb",
        "/opt/homebrew/opt/postgresql*/bin/initdb",
    )
    owner = account("postgres", "nobody")
    with folder(owner) as place:
        (place / "password").write_text(PASSWORD)
        (place / "password").chmod(0o644)
        data = ["-D", str(place / "data")]
        made = [*data, "-U", "admin", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"]
        made += ["--pwfile", str(place / "password")]
        subprocess.run(wrapped([str(initdb), *made], owner), check=True, capture_output=True, cwd=place)
        port = free_port()
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",
            "fsync": "off",
            "max_connections": "30",
            "shared_buffers": "32MB",
            "lc_messages": "C",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        url = f"postgresql://admin:{PASSWORD}@127.0.0.1:{port}/{{database}}"
        server = [str(initdb.with_name("postgres")), *data, *options]
        with running(wrapped(server, owner), place / "log", lambda: _answers(url)) as process:
            yield Server(port, url, process.pid)


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url.format(database="postgres"), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True
