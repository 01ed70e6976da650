"""What a source is opened with in a test that gives it no network."""

from __future__ import annotations

from pathlib import Path

from reconciler.adapters.opening import Opening
from reconciler.model.clock import Clock


def in_folder(base: Path) -> Opening:
    """Relative paths are relative to `base`."""
    return Opening(base, Clock.system())
