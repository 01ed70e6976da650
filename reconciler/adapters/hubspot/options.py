"""`type: hubspot` as a file names it: its options. HubSpot's door itself is imported when it is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

if TYPE_CHECKING:
    from reconciler.adapters.hubspot.door import HubSpotDoor
    from reconciler.adapters.opening import Opening
    from reconciler.model.capabilities import Capabilities


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)


class TagProperty(_Options):
    """Tags as options of one property."""

    property: str = Field(min_length=1, description="name of a property with multiple checkboxes; it must exist")


class HubSpotOptions(_Options):
    """Options of `type: hubspot`."""

    token: SecretStr = Field(min_length=1, description="access token of a private app, from outside the file")
    url: str = Field(
        default="https://api.hubapi.com",
        pattern=r"^https?://[^/?#\s]+/?$",
        description="where the API is; an emulator's",
    )
    version: str = Field(
        default="v3",
        pattern=r"^(v3|20[0-9]{2}-(0[1-9]|1[0-2])(-beta)?)$",
        description="version of the API: `v3`, or a date such as `2026-03`",
    )
    tags: Literal["lists"] | TagProperty = Field(
        default="lists", description="what a tag is: `lists`, static lists; or `{property: NAME}`, one of its options"
    )
    tier: Literal["free", "starter", "professional", "enterprise"] = Field(
        default="free", description="the account's edition, by which HubSpot limits calls"
    )
    api_add_on: bool = Field(default=False, description="whether the account has the add-on for a higher limit")
    search_rate: int = Field(default=4, ge=1, le=1_000, description="searches a second that HubSpot allows")
    search_lag: int = Field(
        default=60, ge=0, le=600, description="seconds until HubSpot's search finds what was written, at the latest"
    )
    batch: int = Field(default=100, ge=1, le=100, description="contacts that are read or written with one call")
    page: int = Field(default=100, ge=1, le=100, description="contacts or members of a list in one page")
    search_page: int = Field(default=200, ge=1, le=200, description="contacts in one page of what changed")
    list_batch: int = Field(
        default=10_000, ge=1, le=100_000, description="contacts that are put on a list or taken off it with one call"
    )


class _Adapter:
    Options = HubSpotOptions

    def capabilities(self, options: HubSpotOptions | None) -> Capabilities:
        from reconciler.adapters.hubspot.abilities import capabilities

        return capabilities(options or HubSpotOptions.model_construct())  # what is left out, and no token

    def open(self, options: HubSpotOptions, opening: Opening, object: str) -> HubSpotDoor:
        from reconciler.adapters.hubspot.door import opened

        return opened(options, opening, object)


ADAPTER = _Adapter()
