"""WP Fusion's settings for HubSpot: contacts as WP Fusion writes them over HubSpot's API, and a plan that is empty."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from wp_fusion_world import serialised, site, users

from reconciler.config.given import Given
from reconciler.emulators.hubspot import HubSpot
from reconciler.model.clock import Clock
from reconciler.runtime import pipeline
from reconciler.runtime.importing import Asked

NOW = datetime(2026, 11, 22, tzinfo=UTC)
MADE = {
    "born": ("date", "date"),
    "since": ("date", "date"),
    "news": ("bool", "booleancheckbox"),
    "likes": ("enumeration", "checkbox"),
    "points": ("number", "number"),
    "site_tags": ("enumeration", "checkbox"),
}
MAPPED = {
    "user_email": ("email", "text"),
    "first_name": ("firstname", "text"),
    "dob": ("born", "date"),
    "newsletter": ("news", "checkbox"),
    "topics": ("likes", "checkboxes"),
    "points": ("points", "int"),
    "billing_phone": ("phone", "tel"),
    "billing_country": ("country", "country"),
    "user_registered": ("since", "date"),
    "level": ("add_tag_level", "text"),
}


def milliseconds(day: str) -> str:
    return str(int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1000)


WRITTEN = [
    {"email": "ana@example.org", "firstname": "Ana", "born": milliseconds("1980-02-01"), "news": "true",
     "since": milliseconds("2024-03-03"), "likes": "a;b", "phone": "+4930123456", "country": "Germany"},
    {"email": "bo@example.org", "firstname": "Bo", "news": "false", "since": milliseconds("2024-03-03"), "points": "12",
     "site_tags": "gold"},
]  # fmt: skip
"""What WP Fusion sends: days as milliseconds, true and false as texts, choices parted by semicolons."""

HELD: dict[str, dict[str, str]] = {
    "ana@example.org": {
        "first_name": "Ana", "dob": "1980-02-01", "newsletter": "1", "topics": serialised(["a", "b"]),
        "billing_phone": "+49 30 123456", "billing_country": "DE",
    },
    "bo@example.org": {"first_name": "Bo", "newsletter": "", "points": "12", "level": "gold"},
}  # fmt: skip


@pytest.fixture
def hubspot(tmp_path: Path) -> HubSpot:
    return HubSpot(tmp_path / "hubspot.db", Clock.fixed(NOW))


def left_by_wp_fusion(hubspot: HubSpot, folder: Path) -> None:
    """Properties, a tag as an option, contacts; a site that holds their ids; its settings."""
    headers = {"Authorization": f"Bearer {hubspot.settings.token}"}
    transport = httpx.WSGITransport(hubspot)
    with httpx.Client(transport=transport, base_url="https://api.hubapi.com", headers=headers) as client:
        for name, (type, field_type) in MADE.items():
            values = {"likes": ["a", "b"], "site_tags": ["gold", "new"], "news": ["true", "false"]}.get(name, [])
            options = [
                {"label": value, "value": value, "displayOrder": at, "hidden": False} for at, value in enumerate(values)
            ]
            body = {"name": name, "label": name, "type": type, "fieldType": field_type,
                    "groupName": "contactinformation", "options": options}  # fmt: skip
            client.post("/crm/v3/properties/contacts", json=body).raise_for_status()
        ids = {}
        for properties in WRITTEN:
            answer = client.post("/crm/v3/objects/contacts", json={"properties": properties}).raise_for_status()
            ids[properties["email"]] = answer.json()["id"]
    people = {email: {**meta, "hubspot_contact_id": ids[email]} for email, meta in HELD.items()}
    users(folder / "site.db", people)
    rows = {
        key: {"active": True, "type": type, "crm_field": field, **({"pseudo": 1} if key == "user_registered" else {})}
        for key, (field, type) in MAPPED.items()
    }
    there = ["email", "firstname", "phone", "country", *MADE]
    settings: dict[str, Any] = {
        "crm": "hubspot",
        "hubspot_token": "canary",
        "hubspot_tag_type": "multiselect",
        "hubspot_multiselect_field": "site_tags",
        "create_users": True,
        "assign_tags": ["new"],
        "crm_fields": {"All": {name: name.title() for name in there}},
        "available_tags": {"gold": "gold", "new": "new"},
        "contact_fields": rows,
    }
    site(folder / "site.db", settings)


def test_the_plan_of_an_unchanged_site_is_empty_on_hubspot(hubspot: HubSpot, tmp_path: Path) -> None:
    left_by_wp_fusion(hubspot, tmp_path)
    request = pipeline.Request(
        tmp_path / "reconciler.yaml",
        {"HUBSPOT_TOKEN": hubspot.settings.token},
        Clock.fixed(NOW),
        bytes,
        now=NOW,
        transport=httpx.WSGITransport(hubspot),
        workers=1,
    )
    asked = Asked(source=Given("wordpress", {"url": f"sqlite:///{tmp_path / 'site.db'}"}))
    made = pipeline.import_wp_fusion(request, asked, Path())
    assert hubspot.log[-1].path.endswith("/objects/contacts")  # nothing was asked by the import
    request.file.write_text(made.text, encoding="utf-8")
    desired, _ = pipeline.validate(request, offline=False)
    assert sorted(desired.fields) == sorted(
        ["email", "firstname", "born", "news", "likes", "points", "phone", "country", "since"]
    )
    plan = pipeline.plan(request)
    assert (plan.findings, plan.pending) == ((), False)
    assert (plan.contacts.in_sync, plan.contacts.set_aside) == (2, 0)
