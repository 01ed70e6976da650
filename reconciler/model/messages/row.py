"""The shape of one message."""

from __future__ import annotations

from typing import NamedTuple

from reconciler.model.problems import Level


class Message(NamedTuple):
    """`name` is what the file's `rules:` section calls it ("" if it cannot be switched); `summary` is constant;
    `reason` says why it matters; `fix` is the way out."""

    code: str
    summary: str
    reason: str
    fix: str
    level: Level = Level.ERROR
    name: str = ""
