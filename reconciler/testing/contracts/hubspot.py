"""HubSpot's contract: its document from a folder of vendors' documents, or derived from its client, and our overlay."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from reconciler.testing.contracts.closing import Json
from reconciler.testing.contracts.from_client import Client, derive
from reconciler.testing.contracts.overlay import Change, laid_over, overlay

CLIENT = Client(
    package="hubspot.crm",
    groups=("associations", "companies", "contacts", "lists", "objects", "properties", "schemas"),
    title="HubSpot CRM contract derived from the official Python client",
    version="hubspot-api-client 12.0.0",
    license="Apache-2.0",
    server="https://api.hubapi.com",
)
NAME = "hubspot/hubspot-crm-v3-derived-from-sdk.json"
SHA256 = "4d086812928d788f9eabff9aa07c7a930ad0e8e933865f239b5241eeb608ab06"
FOLDER = "RECONCILER_SPECS"
"""Environment variable: a folder that holds vendors' documents, HubSpot's as `NAME`."""


def hubspot(environ: Mapping[str, str]) -> Json:
    """The document with our overlay. Raises ModuleNotFoundError without folder and client, ValueError if the folder
    holds another document than the one that the overlay was made for."""
    return laid_over(bare(environ), changes())


def bare(environ: Mapping[str, str]) -> Json:
    """The document as it was found or derived."""
    folder = environ.get(FOLDER)
    return kept(Path(folder)) if folder else derive(CLIENT)


def kept(folder: Path) -> Json:
    content = (folder / NAME).read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise ValueError(f"{NAME} is not the document that the overlay was made for")
    document: Json = json.loads(content)
    return document


def changes() -> tuple[Change, ...]:
    text = resources.files("reconciler.testing.contracts").joinpath("hubspot.yaml").read_text(encoding="utf-8")
    return tuple(overlay(text))
