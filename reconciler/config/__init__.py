"""YAML text becomes desired state, or all its problems with file, line, column and a way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.config.columns import check_columns, named_columns
from reconciler.config.load import load
from reconciler.config.options import secret_keys

if TYPE_CHECKING:
    from reconciler.config.schema import config_schema

__all__ = ["check_columns", "config_schema", "load", "named_columns", "secret_keys"]


def __getattr__(name: str) -> Any:
    """`config_schema`, imported when it is asked for: reading a file needs none."""
    if name == "config_schema":
        from reconciler.config.schema import config_schema

        return config_schema
    raise AttributeError(name)
