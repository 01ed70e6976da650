"""Users of a running WordPress through its REST API: requests, time and CPU of the client, beside the same by SQL.

`python -m bench.wordpress_rest [USERS]`: 10,000 users on a site of its own, pages as fast as the site gives them.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from reconciler.adapters.opening import Opening
from reconciler.adapters.source import Source
from reconciler.adapters.wordpress.options import WordPressOptions
from reconciler.adapters.wordpress.rest import RestSource
from reconciler.adapters.wordpress.sql import SqlSource
from reconciler.model.clock import Clock

COLUMNS = ["user_id", "user_email", "first_name", "last_name", "roles", "points", "billing_phone"]


def main() -> int:
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from servers.mariadb import mariadb
    from servers.wordpress import people, wordpress

    users = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with mariadb() as server, wordpress(server) as site:
        site.fill(*people(users - 1))  # and the administrator
        site.expose(["points", "billing_phone"])
        opening = Opening(Path(), Clock.system(), rate=10_000.0)
        given = {"api": site.api, "user": site.user, "password": site.password}
        rest = RestSource(WordPressOptions.model_validate(given), opening)
        by_rest = _read(rest)
        requests = sum(rest.meter.counts.values())
        opening.close()
        by_sql = _read(SqlSource(WordPressOptions.model_validate({"url": site.url}), opening))
    for name, (count, cpu, wall) in (("rest", by_rest), ("sql", by_sql)):
        print(f"{name}: {count:,} users, client {cpu:.2f} CPU s, {wall:.2f} s", file=sys.stderr)
    print(json.dumps({"users": by_rest[0], "requests": requests, "seconds": by_rest[2], "sql": by_sql[2]}))
    return 0 if by_rest[0] == by_sql[0] == users else 1


def _read(source: Source) -> tuple[int, float, float]:
    """How many users came; CPU seconds of this process, and seconds."""
    began, before = time.perf_counter(), _cpu()
    count = sum(batch.num_rows for batch in source.read(COLUMNS))
    source.close()
    return count, _cpu() - before, time.perf_counter() - began


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
