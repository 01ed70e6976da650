"""Where things are in HubSpot's API: the one place that makes paths, and the limits of what may be called how often."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.adapters.http import Bucket, Vendor, quoted
from reconciler.adapters.hubspot.errors import refused
from reconciler.adapters.hubspot.options import HubSpotOptions

CONTACT = "0-1"  # the contact as a type of object
SEARCH = "search"  # the bucket of searches

_BURST = {"free": 100, "starter": 100, "professional": 190, "enterprise": 190}  # in ten seconds
_BURST_WITH_ADD_ON = 250


@dataclass(frozen=True, slots=True)
class Paths:
    version: str

    def _of(self, room: str) -> str:
        return f"/crm/v3/{room}" if self.version == "v3" else f"/crm/{room}/{self.version}"

    @property
    def account(self) -> str:
        return f"/account-info/{self.version}/details"

    @property
    def token(self) -> str:
        return "/oauth/v2/private-apps/get/access-token-info"

    def contacts(self, *parts: str) -> str:
        return "/".join((self._of("objects"), "contacts", *map(quoted, parts)))

    def properties(self, *parts: str) -> str:
        return "/".join((self._of("properties"), "contacts", *map(quoted, parts)))

    def lists(self, *parts: str) -> str:
        return "/".join((self._of("lists"), *map(quoted, parts)))


def general(options: HubSpotOptions) -> Bucket:
    """The account's limit for all calls but searches."""
    calls = _BURST_WITH_ADD_ON if options.api_add_on else _BURST[options.tier]
    return Bucket(calls, 10.0, "X-HubSpot-RateLimit-Remaining", "X-HubSpot-RateLimit-Interval-Milliseconds")


def searches(options: HubSpotOptions) -> Bucket:
    return Bucket(options.search_rate, 1.0)


def vendor(options: HubSpotOptions) -> Vendor:
    return Vendor("HubSpot", {"": general(options), SEARCH: searches(options)}, refused)
