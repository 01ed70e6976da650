"""The yardstick: DuckDB reads all columns of both raw files, joins on the e-mail, counts rows that differ as text."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb

from bench.columns import COLUMNS, quoted


def join(folder: Path) -> int:
    """Pairs in which any raw text differs. One query, DuckDB's own settings."""
    people, contacts = (quoted(str(folder / name)) for name in ("people.csv", "contacts.parquet"))
    differs = [f"p.{'user_email' if c.key == 'email' else c.key} IS DISTINCT FROM c.{c.key}" for c in COLUMNS]
    differs.append("p.segments IS DISTINCT FROM array_to_string(c.\"$tags\", ',')")
    query = f"""SELECT count(*) FROM read_csv({people}, all_varchar = true, header = true) p
        JOIN read_parquet({contacts}) c ON lower(trim(p.user_email)) = c.email WHERE {" OR ".join(differs)}"""
    return int(duckdb.sql(query).fetchall()[0][0])


if __name__ == "__main__":
    print(json.dumps({"differ": join(Path(sys.argv[1]))}))
