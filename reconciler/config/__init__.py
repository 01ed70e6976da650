"""YAML text becomes desired state, or all its problems with file, line, column and a way out."""

from __future__ import annotations

from reconciler.config.columns import check_columns, named_columns
from reconciler.config.load import load
from reconciler.config.options import secret_keys
from reconciler.config.schema import config_schema

__all__ = ["check_columns", "config_schema", "load", "named_columns", "secret_keys"]
