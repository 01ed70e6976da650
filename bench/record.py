"""One record of twenty fields through the converters alone, in microseconds: raw text to canonical text."""

from __future__ import annotations

import csv
import itertools
import json
import statistics
import sys
import time
from pathlib import Path

from bench.columns import COLUMNS, LEVELS, SELECTS
from reconciler.model.types import Parse, Spec, parser

RECORDS = 20_000


def readers() -> list[tuple[str, Parse, dict[str, str]]]:
    """Per field: its column, its parser, and its map."""
    found = []
    for column in COLUMNS:
        entry = dict(
            part.split(": ", 1) for part in column.entry.strip("{}").split(", map:")[0].split(", ") if ": " in part
        )
        choices = SELECTS.get(column.key, ())
        spec = Spec(
            entry.get("type", "email" if column.key == "email" else "text"),
            format=entry.get("format"),
            options=tuple((choice, choice) for choice in choices),
        )
        name = "user_email" if column.key == "email" else column.key
        found.append((name, parser(spec), LEVELS if column.key == "level" else {}))
    return found


def microseconds(folder: Path) -> float:
    """Median over ten rounds of all records; every value is another text, as it is in real life."""
    with (folder / "people.csv").open(encoding="utf-8", newline="") as file:
        rows = list(itertools.islice(csv.DictReader(file), RECORDS))
    fields = readers()
    rounds = []
    for _ in range(10):
        begun = time.process_time()
        for row in rows:
            for name, parse, names in fields:
                raw = row[name]
                parse(names.get(raw, raw) if names else raw)
        rounds.append((time.process_time() - begun) / len(rows) * 1e6)
    return statistics.median(rounds)


if __name__ == "__main__":
    print(json.dumps({"microseconds": microseconds(Path(sys.argv[1]))}))
