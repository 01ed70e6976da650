"""What can be set about the emulated account, at any moment, and what is seen of each request."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

TOKEN = "pat-na1-emulated"  # noqa: S105 # a token that opens nothing but an emulated account


class Tier(NamedTuple):
    """What a subscription allows a private app: requests in any ten seconds, and in a day."""

    burst: int
    daily: int


TIERS = {
    "free": Tier(100, 250_000),
    "starter": Tier(100, 250_000),
    "professional": Tier(190, 650_000),
    "enterprise": Tier(190, 1_000_000),
    "addon": Tier(250, 1_000_000),
}

CONTACTS_READ = "crm.objects.contacts.read"
CONTACTS_WRITE = "crm.objects.contacts.write"
FIELDS_READ = "crm.schemas.contacts.read"
FIELDS_WRITE = "crm.schemas.contacts.write"
LISTS_READ = "crm.lists.read"
LISTS_WRITE = "crm.lists.write"
SCOPES = frozenset({CONTACTS_READ, CONTACTS_WRITE, FIELDS_READ, FIELDS_WRITE, LISTS_READ, LISTS_WRITE})


@dataclass
class Settings:
    """Read anew for every request.

    `tier`: a key of `TIERS`; `burst` and `daily`, where they are not None, are instead of the tier's. `search`:
    searches in any second. `search_lag`: seconds until a change can be searched for. `latency`: seconds that every
    request waits by the given clock. `expires`: from that moment on the token has expired. `archived_names`: whether
    the name of an archived property stays "taken" or is "free". `retry_after`: whether a 429 says when to come back.
    """

    token: str = TOKEN
    tier: str = "free"
    burst: int | None = None
    daily: int | None = None
    search: int = 5
    search_lag: float = 0.0
    latency: float = 0.0
    scopes: set[str] = field(default_factory=lambda: set(SCOPES))
    expires: datetime | None = None
    archived_names: str = "taken"
    retry_after: bool = True

    @property
    def allowed(self) -> Tier:
        tier = TIERS[self.tier]
        return Tier(
            tier.burst if self.burst is None else self.burst,
            tier.daily if self.daily is None else self.daily,
        )


class Seen(NamedTuple):
    """One request, without any value. `path`: its template, as in `/crm/v3/objects/contacts/{contactId}`, whichever of
    the two styles it came in. `bucket`: the limit that it counts against, "" for none. `moment`: seconds of the
    clock's `monotonic`, when the request came in. `items`: how many inputs its body had."""

    method: str
    path: str
    status: int
    bucket: str
    moment: float
    items: int = 0
