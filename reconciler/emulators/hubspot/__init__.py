"""HubSpot's CRM API (properties, contacts, search, lists, account) as a WSGI application over the embedded CRM.

In process, with an HTTP client that speaks WSGI:

    emulator = HubSpot(tmp_path / "hubspot.db", Clock.system())
    client = httpx.Client(
        transport=httpx.WSGITransport(app=emulator),
        base_url="https://api.hubapi.com",
        headers={"Authorization": f"Bearer {emulator.settings.token}"},
    )
    client.post("/crm/v3/objects/contacts", json={"properties": {"email": "ada@example.org"}})
    emulator.crm.update([("1", {"firstname": "Ada"})])  # what somebody else does meanwhile
    assert emulator.log[-1].status == 201
    emulator.settings.scopes.discard("crm.lists.write")  # from the next request on

`crm` is the `LocalCrm` behind it, with HubSpot's names as keys of its fields and lists as its tags. Everything is in
its file; only what was used of the limits is forgotten when the process ends.

Where HubSpot's published documents say nothing, the reading was taken that demands more of a client; each such place
has a sentence beside it that begins with "Not documented".
"""

from reconciler.emulators.hubspot.app import HubSpot
from reconciler.emulators.hubspot.settings import SCOPES, TIERS, Seen, Settings, Tier

__all__ = ["SCOPES", "TIERS", "HubSpot", "Seen", "Settings", "Tier"]
