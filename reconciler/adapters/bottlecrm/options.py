"""`type: bottlecrm` as a file names it: its options. What speaks to the CRM is imported when its door is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, SecretStr

if TYPE_CHECKING:
    from reconciler.adapters.bottlecrm.door import BottleDoor
    from reconciler.adapters.opening import Opening
    from reconciler.model.capabilities import Capabilities

_CALLS_PER_SECOND = 20
_PAGE = 500


class BottleOptions(BaseModel):
    """Options of `type: bottlecrm`."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)

    url: str = Field(min_length=1, description="where it runs, without `/api`: https://crm.example.org")
    token: SecretStr = Field(description="a personal access token of an administrator, from outside of the file")
    calls_per_second: int = Field(
        default=_CALLS_PER_SECOND, ge=1, le=1_000, description="how fast it may be called; it has no limit of its own"
    )
    page_size: int = Field(default=_PAGE, ge=1, le=1_000, description="contacts that one call reads")
    missing_name: str = Field(
        default="",
        max_length=255,
        description="stands in for a first or last name that a new contact lacks; without it such people are refused",
    )


class _Adapter:
    Options = BottleOptions

    def capabilities(self, options: BottleOptions | None) -> Capabilities:
        from reconciler.adapters.bottlecrm.abilities import capabilities

        if options is None:
            return capabilities(_CALLS_PER_SECOND, _PAGE)
        return capabilities(options.calls_per_second, options.page_size)

    def open(self, options: BottleOptions, opening: Opening, object: str) -> BottleDoor:  # noqa: ARG002 # contacts are all it has
        from reconciler.adapters.bottlecrm.door import BottleDoor

        return BottleDoor(options, opening)


ADAPTER = _Adapter()
