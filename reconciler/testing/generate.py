"""Writes everything that is generated, or checks that it is current: `python -m reconciler.testing.generate [--check]`.

Works on the checkout that it is run in: schemas/ and docs/ below the current folder.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from reconciler.adapters.installed import installed
from reconciler.adapters.registry import CRM, SOURCE, Kind, find
from reconciler.config import config_schema
from reconciler.model.types import TYPES
from reconciler.planning.combinations import merge_rows
from reconciler.planning.decision import decision_rows
from reconciler.report import reference
from reconciler.report.adapters import adapters_document
from reconciler.report.document import SHAPES, schema, to_json


def generated() -> Mapping[str, str]:
    """Path below the checkout -> content, of every generated file. The schema knows our own adapters only."""
    return {
        "schemas/config.v1.json": to_json(config_schema(_own_options(CRM), _own_options(SOURCE))) + "\n",
        **{f"schemas/{shape}.v1.json": to_json(schema(shape)) + "\n" for shape in SHAPES},
        "docs/messages.md": reference.messages_page(),
        "docs/types.md": reference.types_page(TYPES.values()),
        "docs/decision.md": reference.decision_page(decision_rows(), merge_rows()),
        "docs/adapters.md": reference.adapters_page(
            adapters_document(installed(CRM, own=True), installed(SOURCE, own=True))
        ),
        "docs/glossary.md": reference.glossary_page(),
    }


def _own_options(kind: Kind) -> dict[str, type]:
    return {name: find(kind, name).Options for name in sorted(kind.own)}


def stale(root: Path) -> list[str]:
    """The generated files below `root` that are missing or differ, sorted."""
    return sorted(name for name, content in generated().items() if _current(root / name) != content)


def write(root: Path) -> list[str]:
    """Writes what is stale; returns the names."""
    changed = stale(root)
    for name in changed:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(generated()[name], encoding="utf-8")
    return changed


def _current(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def main(arguments: Sequence[str], root: Path) -> int:
    """Exit code 1 if `--check` finds a stale file; each is named on its own line."""
    check = "--check" in arguments
    names = stale(root) if check else write(root)
    for name in names:
        sys.stderr.write(f"{'stale' if check else 'written'}: {name}\n")
    return int(check and bool(names))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path.cwd()))
