"""The account: what it is, what was used of its limits, and what a token may do."""

from __future__ import annotations

from reconciler.emulators.hubspot import bodies
from reconciler.emulators.hubspot.call import Answer, Call
from reconciler.emulators.hubspot.errors import not_found
from reconciler.emulators.hubspot.limits import DAILY
from reconciler.emulators.hubspot.moments import text_of

_DAY = 86_400_000_000  # microseconds
_APP = "Emulated private app"


def portal(account: str) -> int:
    """The portal's id, from the id of the embedded CRM's account."""
    return 10_000_000 + int(account or "0", 16) % 90_000_000


def details(call: Call) -> Answer:
    account = str(call.connection.execute("SELECT id FROM account").fetchone()[0])
    return Answer(
        200,
        {
            "portalId": portal(account),
            "accountType": "DEVELOPER_TEST",
            "timeZone": "UTC",
            "companyCurrency": "EUR",
            "additionalCurrencies": [],
            "utcOffset": "+00:00",
            "utcOffsetMilliseconds": 0,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        },
    )


def usage(call: Call) -> Answer:
    used = {
        "name": _APP,
        "usageLimit": call.limits.allowed(DAILY),
        "currentUsage": call.limits.used(DAILY, call.seconds),
        "collectedAt": call.now,
        "fetchStatus": "SUCCESS",
        "resetsAt": text_of(call.moment - call.moment % _DAY + _DAY),
    }
    return Answer(200, {"results": [used]})


def token(call: Call) -> Answer:
    """What the token in the body may do. Its shape is not in the published documents."""
    asked = call.read(bodies.TokenKey).tokenKey
    if asked and asked != call.settings.token:
        raise not_found("there is no such token")
    account = str(call.connection.execute("SELECT id FROM account").fetchone()[0])
    scopes = sorted({"oauth", *call.settings.scopes})
    return Answer(200, {"userId": 1, "hubId": portal(account), "appId": 1, "scopes": scopes})
