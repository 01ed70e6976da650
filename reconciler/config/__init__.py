"""YAML text becomes desired state, or all its problems with file, line, column and a way out."""

from __future__ import annotations

from reconciler.config.columns import check_columns, named_columns
from reconciler.config.format import format_bytes, read_file
from reconciler.config.load import load
from reconciler.config.options import secret_keys
from reconciler.config.schema import config_schema

__all__ = [
    "check_columns",
    "config_schema",
    "format_bytes",
    "load",
    "named_columns",
    "read_file",
    "secret_keys",
]
