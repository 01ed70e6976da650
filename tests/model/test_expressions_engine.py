"""The expression engine is reached without the interactive shell of its package."""

from __future__ import annotations

import subprocess
import sys

_CHECK = """
import sys
from datetime import UTC, datetime
from reconciler.model.expressions import compile_expression
assert not any(name == "cel" or name.startswith("cel.") for name in sys.modules), "loaded by the import"
assert compile_expression("lower(x) == 'a'").evaluate({"x": "A"}, datetime(2026, 1, 1, tzinfo=UTC)) is True
loaded = [name for name in sys.modules if name.partition(".")[0] in ("cel", "prompt_toolkit", "pygments", "typer")]
print(loaded)
"""


def test_neither_the_package_nor_its_shell_is_ever_imported() -> None:
    done = subprocess.run([sys.executable, "-c", _CHECK], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "[]", "")


def test_the_table_of_types_costs_no_heavy_import() -> None:
    check = (
        "import sys, reconciler.model.types\n"
        "print([m for m in ('phonenumbers', 'pycountry', 'cel') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
