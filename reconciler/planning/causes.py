"""Why something changes: is the file's entry new, changed, or as it was when it was last applied?"""

from __future__ import annotations

from enum import Enum

from reconciler.model.desired import Desired
from reconciler.model.plan import Cause
from reconciler.planning.observed import Remembered


class Since(Enum):
    """What happened to an entry since the file was last applied."""

    FIRST = "first"  # nothing was ever applied
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


def entry_since(address: str, desired: Desired, remembered: Remembered, former: str | None = None) -> Since:
    """What happened to the entry of that address; `former`: the address that it is renamed from."""
    if not remembered.applied:
        return Since.FIRST
    before = remembered.applied.get(address)
    if before is None:
        return Since.CHANGED if former in remembered.applied else Since.NEW
    return Since.SAME if before == desired.entry_digests.get(address) else Since.CHANGED


FILLING = {Since.FIRST: Cause.CONFIG, Since.NEW: Cause.CONFIG, Since.CHANGED: Cause.CONFIG, Since.SAME: Cause.SOURCE}
"""The cause of a value set where the CRM had none."""

OVERWRITING = {Since.FIRST: Cause.ADOPT, Since.NEW: Cause.ADOPT, Since.CHANGED: Cause.CONFIG, Since.SAME: Cause.SOURCE}
"""The cause of a filled value overwritten or cleared: a newly declared field takes existing values over."""


def counted(happened: Since) -> bool:
    """Whether overwriting counts for `limits.update_percent`.

    Taking over a field that a reviewed change of the file newly declares does not. On a first run everything would be
    new and the limit would protect nobody when it matters most, so there it does.
    """
    return happened is not Since.NEW
