"""People and contacts of any number, deterministic, with exact ground truth.

`generate` writes into one folder: `people.csv` (the source), `contacts.parquet` (the CRM as pages of wire text: `$id`,
`$tags`, one column a field), `truth.json` (what a right plan says) and `reconciler.yaml`. 2 % of the people are changed
in one field or tag, 1 % are new, contacts of 0.5 % exist only in the CRM, 10 % of all cells but the e-mail are empty.
`filled`: of ten cells empty here, how many have a value in the CRM (they differ for ever and nothing is to be done).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from string import Template

import duckdb

from bench.columns import COLUMNS, PREFIX, SELECTS, TAGS, quoted

TAG_KINDS = 2
"""Beside the fields but the e-mail, what may differ of a changed person: one tag less there, or one tag more."""
KINDS = len(COLUMNS) - 1 + TAG_KINDS
MIX = """CREATE MACRO mix(i, s) AS
    ((((i * 48271 + s * 69621) % 2147483647) * ((i * 48271 + s * 69621) % 2147483647) + s * 7919 + i) % 2147483647)"""
"""A number below 2**31 from two; our own, because DuckDB's `hash` may change between releases."""


def generate(folder: Path, people: int, filled: int = 0) -> None:
    """The same data for the same arguments; below a minute for a million people."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config={"memory_limit": "6GB", "temp_directory": str(folder / "spill")}) as db:
        db.execute(MIX)
        _draw(db, people, filled)
        _write_people(db, folder / "people.csv")
        _write_contacts(db, folder / "contacts.parquet")
        truth = _truth(db)
    (folder / "truth.json").write_text(json.dumps(truth, indent=1, sort_keys=True, ensure_ascii=False), "utf-8")
    (folder / "reconciler.yaml").write_text(config(), encoding="utf-8")


def agreed(folder: Path, people: int) -> None:
    """`agreed.parquet`: contacts as an apply of that folder's people leaves them, the same for either variant."""
    with duckdb.connect(config={"memory_limit": "6GB", "temp_directory": str(folder / "spill")}) as db:
        db.execute(MIX)
        _draw(db, people, 0)
        db.execute("CREATE OR REPLACE TABLE theirs AS FROM ours")
        _write_contacts(db, folder / "agreed.parquet")


def config() -> str:
    """The file: every field with its type, the choices of selects declared, and one list of dynamic tags."""
    lines = [
        "version: 1",
        "crm: {type: local, path: crm.db}",
        "source: {type: csv, path: people.csv, types: {segments: multiselect}}",
    ]
    lines += ["identity: {person: ID, match: email}", "fields:"]
    for column in COLUMNS:
        choices = SELECTS.get(column.key)
        options = f", options: {{{', '.join(f'{v}: {v}' for v in choices)}}}}}" if choices else "}"
        lines.append(f"  {column.key}: " + (column.entry[:-1] + options if choices else column.entry))
    lines += ["dynamic_tags:", f'  - {{from: segments, prefix: "{PREFIX}", max_new: 60}}']
    lines += ["contacts: {create: true}"]
    lines += ["limits: {create: 9999999, tag_people: 9999999, update_percent: 100, untag_percent: 100}"]
    return "\n".join(lines) + "\n"


def _draw(db: duckdb.DuckDBPyConnection, people: int, filled: int) -> None:
    """Both sides in canonical text, tags as numbers: `ours` for people, `theirs` for contacts."""
    tags = "list_sort(list_distinct(list_transform(range(mix(i, 50) % 11), lambda j: mix(i, 60 + j) % 60)))"
    db.execute(f"""CREATE TABLE drawn AS SELECT i, i <= {people} AS here, i > {people} OR mix(i, 3) % 100 <> 0 AS there,
        CASE WHEN mix(i, 1) % 50 = 0 THEN mix(i, 2) % {KINDS} ELSE -1 END AS kind, {tags} AS tags
        FROM range(1, {people + people // 200 + 1}) t(i)""")
    ours, theirs = [], []
    for index, column in enumerate(COLUMNS):
        x = f"mix(i, {100 + index})"
        value, other = (Template(column.canonical).substitute(x=number) for number in (x, f"{x} + 1"))
        empty = f"mix(i, {200 + index}) % 10 = 0 AND kind <> {index - 1}" if index else "false"
        stays = f"mix(i, {300 + index}) % 10 >= {filled}"
        there = f"CASE WHEN kind = {index - 1} THEN {other} ELSE {value} END" if index else value
        ours.append(f"CASE WHEN NOT ({empty}) THEN {value} END AS {column.key}")
        theirs.append(f"CASE WHEN NOT ({empty} AND {stays}) THEN {there} END AS {column.key}")
    more = "list_sort(list_distinct(list_append(tags, (coalesce(tags[-1], 0) + 7) % 60)))"
    moved = f"CASE kind WHEN {KINDS - 2} THEN tags[2:] WHEN {KINDS - 1} THEN {more} ELSE tags END AS tags"
    db.execute(f"CREATE TABLE ours AS SELECT i, tags, {', '.join(ours)} FROM drawn WHERE here")
    db.execute(f"CREATE TABLE theirs AS SELECT i, {moved}, {', '.join(theirs)} FROM drawn WHERE there")


def _write_people(db: duckdb.DuckDBPyConnection, path: Path) -> None:
    cells = []
    for index, column in enumerate(COLUMNS):
        text = Template(column.source).substitute(
            x=f"mix(i, {100 + index})", noise=f"mix(i, {400 + index})", c=column.key
        )
        name = "user_email" if column.key == "email" else column.key
        cells.append(f"CASE WHEN {column.key} IS NOT NULL THEN {text} END AS {name}")
    segments = f"array_to_string(list_transform(tags, lambda t: {_names('t')}[{len(PREFIX) + 1}:]), ',')"
    people = f"SELECT i AS ID, {', '.join(cells)}, {segments} AS segments FROM ours ORDER BY i"
    db.execute(f"COPY ({people}) TO {quoted(str(path))} (FORMAT csv, HEADER)")


def _write_contacts(db: duckdb.DuckDBPyConnection, path: Path) -> None:
    """In no order that the people have; the key of a tag is its number."""
    fields = ", ".join(column.key for column in COLUMNS)
    pages = f"""SELECT (i * 3)::VARCHAR AS "$id", list_transform(tags, lambda t: t::VARCHAR) AS "$tags", {fields}
        FROM theirs ORDER BY mix(i, 9), i"""
    db.execute(f"COPY ({pages}) TO {quoted(str(path))} (FORMAT parquet, ROW_GROUP_SIZE 50000)")


def _names(number: str) -> str:
    return f"([{', '.join(map(quoted, TAGS))}])[1 + {number}]"


def _truth(db: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """What a plan must say, from the canonical texts alone: our converters have no part in it."""
    count = _one(db, "SELECT count(*), (SELECT count(*) FROM theirs) FROM ours")
    differs = [f"(o.{c.key} IS NOT NULL AND o.{c.key} IS DISTINCT FROM t.{c.key})" for c in COLUMNS]
    held = [f"(t.i IS NOT NULL AND o.{c.key} IS NULL AND t.{c.key} IS NOT NULL)" for c in COLUMNS]
    sums = ", ".join(f"count(*) FILTER ({condition})" for condition in (*differs, *held))
    row = _one(db, f"SELECT {sums} FROM ours o LEFT JOIN theirs t USING (i)")
    tags_differ = "list_sort(o.tags) <> list_sort(t.tags)"
    people = _one(
        db,
        f"""SELECT count(*) FILTER (t.i IS NULL),
        count(*) FILTER (t.i IS NOT NULL AND ({" OR ".join(differs)} OR {tags_differ})),
        count(*) FILTER ({" OR ".join(held)}) FROM ours o LEFT JOIN theirs t USING (i)""",
    )
    keys = [c.key for c in COLUMNS]
    moves = "SELECT i, o.tags AS ours, coalesce(t.tags, []) AS theirs FROM ours o LEFT JOIN theirs t USING (i)"
    return {
        "people": count[0],
        "contacts": count[1],
        "create": people[0],
        "update": people[1],
        "in_sync": count[0] - people[0] - people[1],
        "held": people[2],
        "set": dict(zip(keys, row[: len(keys)], strict=True)),
        "values_held": dict(zip(keys, row[len(keys) :], strict=True)),
        "apply": _tags(db, moves, "ours", "theirs"),
        "remove": _tags(db, moves, "theirs", "ours"),
    }


def _tags(db: duckdb.DuckDBPyConnection, moves: str, here: str, there: str) -> dict[str, int]:
    """By name, how many contacts have the tag on the one side and not on the other."""
    numbers = f"SELECT unnest(list_filter({here}, lambda t: NOT list_contains({there}, t))) AS t FROM ({moves})"
    rows = db.execute(f"SELECT {_names('t')}, count(*) FROM ({numbers}) GROUP BY t ORDER BY t").fetchall()
    return {str(name): int(count) for name, count in rows}


def _one(db: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    return tuple(db.execute(sql).fetchall()[0])


if __name__ == "__main__":
    generate(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
