"""YAML of our own, such as data files of this package, as plain data. Files of users go through `config.load`."""

from __future__ import annotations

from typing import Any


def read_data(text: str) -> Any:
    """Mappings, lists and scalars. For texts that are known to be good: no places, no problems."""
    from ruamel.yaml import YAML

    return YAML(typ="safe").load(text)
