"""The declared limits of the embedded CRM."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """`fields`: custom fields. `length`: characters of any one value (a field may declare fewer). `batch`: items of one
    call. `page`: contacts of one page. `addressless`: whether there may be contacts without an e-mail address."""

    fields: int = 500
    options: int = 5_000
    length: int = 1_000_000
    name: int = 255
    batch: int = 100
    page: int = 10_000
    addressless: bool = False
