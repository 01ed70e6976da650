"""What one run is asked for. Everything that comes from outside stands here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.model.clock import Clock
from reconciler.model.events import Events, Unheard
from reconciler.model.progress import Progress, Silent

if TYPE_CHECKING:
    from reconciler.adapters.opening import Opening
    from reconciler.model.desired import Door
    from reconciler.runtime.folder import Folder
    from reconciler.runtime.scope import Scope


@dataclass(frozen=True, eq=False, repr=False)
class Request:
    """What is asked for. `now`: the plan's clock; None: the start of the clock's day, UTC. `token_bytes`: randomness,
    n -> n secret bytes. `resolve`: field -> `source` or `crm`, who wins its conflicts in this run. `relink`: what
    becomes of the links of a former person column (`runtime.relinking`). `out`: where a plan is saved; `saved`: the
    saved plan of which an apply does what was approved. `keep_undo`: keep what an apply overwrites, whatever the file
    says. `command`: what was typed, without options, for the history. `transport`, `workers`: see `Opening`."""

    file: Path
    env: Mapping[str, str]
    clock: Clock
    token_bytes: Callable[[int], bytes]
    state_dir: Path | None = None
    now: datetime | None = None
    persons: frozenset[str] = frozenset()
    target: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    allow: Mapping[str, int] = field(default_factory=dict)
    max_calls: int | None = None
    show_values: bool = False
    refresh: str | None = None
    resolve: Mapping[str, str] = field(default_factory=dict)
    relink: str = ""
    out: Path | None = None
    saved: Path | None = None
    keep_undo: bool = False
    command: str = "apply"
    progress: Progress = field(default_factory=Silent)
    events: Events = field(default_factory=Unheard)
    transport: Any = None
    workers: int | None = None

    def opening(self, door: Door, base: Path | None = None) -> Opening:
        """What the doors of this run are opened with. `base`: the folder of its paths; None: the file's."""
        from reconciler.adapters.opening import Opening

        def chance() -> float:
            return int.from_bytes(self.token_bytes(4)) / 2**32

        base = base or self.file.parent
        return Opening(base, self.clock, chance, door.rate, self.transport, self.workers, self.events)

    @property
    def folder(self) -> Folder:
        from reconciler.runtime.folder import Folder, locate

        return Folder(locate(self.file, self.state_dir))

    @property
    def narrowed(self) -> bool:
        """Whether options chose what is planned, so that a later command needs them again."""
        return bool(self.persons or self.target or self.exclude or self.allow or self.resolve or self.relink)

    @property
    def moment(self) -> datetime:
        """The clock that expressions see."""
        return self.now or self.clock.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

    @property
    def started(self) -> str:
        return self.clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def scope(self) -> Scope:
        from reconciler.runtime.scope import Scope

        return Scope(self.persons, tuple(self.target), tuple(self.exclude))
