"""What `plan` and `apply` printed, kept for `show`: the public documents, in which no value of a person has a place.

accounts/NAME/shown/plan.json       the plan made last, by either command
accounts/NAME/shown/run-RUN.json    the outcomes of the last applies that wrote something
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.model.messages import problem
from reconciler.model.problems import Failure
from reconciler.runtime.disk import is_full, write_whole

if TYPE_CHECKING:
    from reconciler.report.shapes import PlanDocument

MOST_RUNS = 20
_FORMAT = "reconciler-kept/1"
_RUN = re.compile(r"run-([0-9A-Za-z-]{1,80})\.json")


@dataclass(frozen=True, slots=True)
class Shown:
    """One kept result. `narrowed`: options chose what was planned. `document`: what `--format json` printed. `settled`:
    of a plan, that a later run has carried it out; this is not kept but found out."""

    at: str
    narrowed: bool
    document: PlanDocument
    settled: bool = False


class KeptRuns:
    """The kept results of one account. `folder`: the account's."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "shown"

    def keep_plan(self, shown: Shown) -> None:
        """In place of the plan before. Raises Failure E501, E509."""
        self._write("plan.json", shown)

    def keep_run(self, run: str, shown: Shown) -> None:
        """Beside the runs before, of which the oldest goes when they are too many. Raises Failure E501, E509."""
        self._write(f"run-{run}.json", shown)
        for old in self.runs()[MOST_RUNS:]:
            (self._path / f"run-{old}.json").unlink(missing_ok=True)

    def plan(self) -> Shown | None:
        """The plan made last; None if none is kept. Raises Failure E531."""
        return self._read("plan.json")

    def has_plan(self) -> bool:
        return (self._path / "plan.json").exists()

    def run(self, run: str) -> Shown | None:
        return self._read(f"run-{run}.json")

    def runs(self) -> Sequence[str]:
        """The ids of the runs that are kept, the newest first."""
        try:
            names = os.listdir(self._path)
        except OSError:
            return ()
        return sorted((found.group(1) for name in names if (found := _RUN.fullmatch(name))), reverse=True)

    def forget(self) -> None:
        for path in self._path.glob("*.json*") if self._path.is_dir() else ():
            path.unlink(missing_ok=True)

    def size(self) -> int:
        """Bytes."""
        return sum(path.stat().st_size for path in self._path.glob("*.json")) if self._path.is_dir() else 0

    def _write(self, name: str, shown: Shown) -> None:
        held = {"format": _FORMAT, "at": shown.at, "narrowed": shown.narrowed}
        text = json.dumps({**held, "document": shown.document.model_dump(mode="json")})
        try:
            self._path.mkdir(mode=0o700, exist_ok=True)
            write_whole(self._path / name, text.encode("utf-8", "surrogatepass"))
        except OSError as error:
            raise Failure(problem("E509") if is_full(error) else problem("E501", str(self._path))) from None

    def _read(self, name: str) -> Shown | None:
        from pydantic import ValidationError

        from reconciler.report.shapes import PlanDocument

        path = self._path / name
        try:
            held: Any = json.loads(path.read_text(encoding="utf-8", errors="surrogatepass"))
            if held["format"] != _FORMAT:
                raise ValueError
            return Shown(str(held["at"]), bool(held["narrowed"]), PlanDocument.model_validate(held["document"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, ValidationError):
            raise Failure(problem("E531", str(path))) from None
