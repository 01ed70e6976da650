"""Canonical values of every value type: what the contract kit sends through every wire, and looks for afterwards."""

from __future__ import annotations

from collections.abc import Mapping

CANARY = "Zanzibar"
"""Stands in every text that the kit writes, so that it can be looked for where no value may be."""

CHOICES: tuple[str, ...] = ("free", "pro", "Team plan", "Größe 3")

SAMPLES: Mapping[str, tuple[str, ...]] = {
    "text": (
        CANARY,
        "Zoë Ångström",
        'O\'Brien & "Sons"',
        "first line\nsecond line",
        "日本語 🙂",
        "007",
        "a;b|c,d",
        "null",
    ),
    "email": ("zanzibar.sample@example.org", "o'brien+tag@example.com"),
    "phone": ("+4930123456", "4930123456", "110"),
    "url": ("https://example.org/a?b=c&d=%20#e", "http://example.com"),
    "number": ("0", "10.5", "-0.25", "1", "1000000", "99999999.99", "-123456789.125"),
    "integer": ("0", "7", "-7", "2147483648", "999999999999999"),
    "checkbox": ("true", "false"),
    "date": ("2026-11-22", "1969-12-31", "1970-01-01", "2024-02-29", "1900-01-01"),
    "datetime": ("2026-11-22T10:00:00Z", "1969-12-31T23:59:59Z", "2024-02-29T00:00:00Z"),
    "select": CHOICES,
    "multiselect": ('["free"]', '["free","pro"]', '["Größe 3","Team plan","free"]'),
    "country": ("DE", "US"),
    "state": ("Bavaria", "CA", "Île-de-France"),
    "score": ("0", "15", "-5"),
    "raw": (CANARY, "  padded  ", "0", "false"),
}
