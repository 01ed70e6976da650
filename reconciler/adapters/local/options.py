"""`type: local` as a file names it: its options. The embedded CRM itself is imported when its door is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from reconciler.localcrm.quirks import Quirks

if TYPE_CHECKING:
    from reconciler.adapters.local.door import LocalDoor
    from reconciler.adapters.opening import Opening
    from reconciler.model.capabilities import Capabilities


_CALLS_PER_SECOND = 50.0


class LocalOptions(BaseModel):
    """Options of `type: local`."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)

    path: str = Field(
        min_length=1, description="the CRM's file, relative to the file that names it; made on first write"
    )
    calls_per_second: float = Field(
        default=_CALLS_PER_SECOND, gt=0, le=100_000, description="how fast it may be called"
    )
    quirks: Quirks = Field(default=Quirks(), description="a rehearsal: how it should misbehave on purpose")


class _Adapter:
    Options = LocalOptions

    def capabilities(self, options: LocalOptions | None) -> Capabilities:
        from reconciler.adapters.local.door import capabilities

        return capabilities(options.calls_per_second if options else _CALLS_PER_SECOND)

    def open(self, options: LocalOptions, opening: Opening, object: str) -> LocalDoor:
        from reconciler.adapters.local.door import LocalDoor
        from reconciler.localcrm import LocalCrm

        path = opening.base / options.path
        crm = LocalCrm(path, opening.clock, quirks=options.quirks, object=object)
        return LocalDoor(crm, path.name, options.calls_per_second)


ADAPTER = _Adapter()
