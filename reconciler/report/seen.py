"""How a review names files: as they are seen from the folder in which the program was started."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import PurePath
from urllib.parse import quote

from reconciler.model.problems import Place


@dataclass(frozen=True, slots=True)
class Seen:
    """How files are named. `start`: the folder in which the program was started, absolute; `folder`: the one in which
    it runs (`-C`), relative to that or absolute. `file`: what a problem without a place is about."""

    start: str
    folder: str = ""
    file: str = ""

    def path(self, where: Place | None) -> str:
        """The file of that place, relative to `start` if it lies below it or was named relatively."""
        name = os.path.join(self.folder, where.file if where else self.file)
        path = os.path.normpath(os.path.join(self.start, name))
        below = os.path.commonpath([path, self.start]) == self.start if os.path.isabs(path) and self.start else False
        if not below and os.path.isabs(name):
            return path
        return os.path.relpath(path, self.start) if self.start else os.path.normpath(name)

    def uri(self, where: Place | None) -> str:
        path = PurePath(self.path(where))
        return path.as_uri() if path.is_absolute() else quote(path.as_posix(), errors="surrogateescape")
