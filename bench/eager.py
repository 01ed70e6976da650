"""What `validate` is measured against: every dependency imported at once, and the file loaded for round trips."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

DEPENDENCIES = (
    "click",
    "cel",
    "cryptography.hazmat.primitives.ciphers.aead",
    "deepdiff",
    "duckdb",
    "orjson",
    "phonenumbers",
    "pyarrow",
    "pyarrow.compute",
    "pyarrow.csv",
    "pyarrow.parquet",
    "pycountry",
    "pydantic",
    "rapidfuzz",
    "rich.console",
    "rich.progress",
    "ruamel.yaml",
)

if __name__ == "__main__":
    for name in DEPENDENCIES:
        importlib.import_module(name)
    from ruamel.yaml import YAML

    YAML(typ="rt").load(Path(sys.argv[1]).read_text(encoding="utf-8"))
